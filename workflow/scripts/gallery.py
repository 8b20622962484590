"""Rule gallery: the page of all standard problems."""


def main(snakemake):
    """Datasets, figures and checks -> index.html."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    from pathlib import Path

    from qkepipe.gallery.page import write_page

    page = Path(snakemake.output[0])
    write_page(snakemake.params.problems, page.parent, page)


if __name__ == "__main__":
    main(snakemake)
