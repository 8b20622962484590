from snakemake.utils import min_version

min_version("9.10")


# first page of `snakemake --report`
report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/background.smk"
include: "workflow/rules/resolution.smk"
include: "workflow/rules/stability.smk"
include: "workflow/rules/regions.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/solve.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/gallery.smk"


localrules:
    all,
    stability_maps,
    solves,
    comparison,
    figures,


# what a plain `snakemake` makes: the whole study
rule all:
    default_target: True
    input:
        REPORT,
        COMPARISON,
        RECORDS,
        # named, so that a lost solution is noticed although the report is there
        stability_maps(),
        solutions(),
        summaries(),


# stability maps only: no solves
rule stability_maps:
    input:
        stability_maps(),
        region_tables(),
        RESOLVED_CONFIG,


# solutions and summaries of all cases
rule solves:
    input:
        solutions(),
        summaries(),
        RESOLVED_CONFIG,


# the table of all cases against the classical runs
rule comparison:
    input:
        COMPARISON,
        RESOLVED_CONFIG,


# figures and report are made by one job
rule figures:
    input:
        figure_files("png"),
