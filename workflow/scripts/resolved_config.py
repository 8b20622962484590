"""Rule resolved_config: the configuration with all defaults filled in."""


def main(snakemake):
    """Parameters of the rule -> config.resolved.yaml."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import yaml

    text = yaml.safe_dump(snakemake.params.config, sort_keys=False, allow_unicode=True)
    runtime.write_text(snakemake.output.config, text)


if __name__ == "__main__":
    main(snakemake)
