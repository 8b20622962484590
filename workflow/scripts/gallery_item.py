"""Rule gallery_item: a standard problem of the gallery."""


def main(snakemake):
    """Name of the problem -> its dataset, figure and checks."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    from pathlib import Path

    from qkepipe.gallery.page import write_item

    folder = Path(snakemake.output[0]).parent
    write_item(snakemake.wildcards.item, folder, snakemake.params.code)


if __name__ == "__main__":
    main(snakemake)
