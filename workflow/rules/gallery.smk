# Standard problems beside what they should give; no part of a study.
from qkepipe import registered
from qkepipe.study.plan import gallery_code

GALLERY = "results/_gallery"


localrules:
    gallery,


rule gallery_item:
    output:
        multiext(f"{GALLERY}/{{item}}", ".json", ".nc", ".pdf", ".png", ".csv"),
    log:
        "logs/_gallery/{item}.log",
    benchmark:
        "benchmarks/_gallery/{item}.tsv"
    wildcard_constraints:
        item="|".join(registered.GALLERY),
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=small_memory,
        runtime=30,
    params:
        code=gallery_code(),
    message:
        "standard problem {wildcards.item}"
    script:
        "../scripts/gallery_item.py"


# the page of all standard problems: `snakemake gallery`
rule gallery:
    input:
        expand(f"{GALLERY}/{{item}}.json", item=registered.GALLERY),
    output:
        f"{GALLERY}/index.html",
    log:
        "logs/_gallery/page.log",
    benchmark:
        "benchmarks/_gallery/page.tsv"
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=small_memory,
        runtime=10,
    params:
        problems=list(registered.GALLERY),
        code=gallery_code(),
    message:
        "collecting the standard problems"
    script:
        "../scripts/gallery.py"
