"""Measured speed and memory, for ``docs/results.md``."""

from __future__ import annotations

from typing import Any

from docs.generate.values import benchmark, interval, sections, table


def speed() -> str:
    """Return the section about speed and memory."""
    return sections(
        "## Speed and memory",
        "Measured on a two-core x86-64 machine without a GPU, each subject by one file of "
        "[`benchmarks/`](../benchmarks). Nothing has been measured on a GPU.",
        _classify(),
        _batch(),
        _service(),
        _soak(),
        _search(),
        _layers(),
    )


def _classify() -> str:
    both, scan = benchmark("classify_speed_paired"), benchmark("mutation_scan")
    return sections(
        "### One structure",
        f"`protvox classify` of the bundled example ({', '.join(both['models'])}), median of "
        f"{both['rounds']} rounds: start-up {both['median']['startup_s']:.2f} s, work "
        f"{both['median']['work_s']:.2f} s, peak memory {both['median']['peak_gb']:.2f} GB; "
        f"`protvox --help` takes {both['median']['help_s']:.2f} s.",
        f"A scan of all substitutions of {scan['residues']} residues by both networks, after "
        f"start-up: {scan['seconds']['cpu']['median']:.2f} s of CPU time, median of "
        f"{scan['repeats']} ([mutation_scan.json](../benchmarks/results/mutation_scan.json)).",
    )


def _batch() -> str:
    speed, scale, kill = (benchmark(f"batch_{name}") for name in ("speed", "scale", "kill"))
    network = {
        "cath": ("network", "sites"),
        "environment": ("network", "moments"),
        "all": ("network", "moments", "sites"),
    }
    share = {task: sum(speed["shares"][task][p] for p in network[task]) for task in network}
    cath, environment = speed["cath"]["curve"], speed["environment"]["curve"]
    clock = speed["two_threads"]["domains_per_s_by_the_clock"]
    memory, broken = scale["memory"], scale["broken"]
    return sections(
        "### Batches",
        "`protvox score` from file to Parquet on one thread, by CPU time, since other work ran on "
        "the machine ([batch_speed.json](../benchmarks/results/batch_speed.json)):",
        table(
            (
                "task",
                "per second",
                "cost as a run grows",
                "share of the network, including its first layer",
            ),
            (
                (
                    "`cath`",
                    f"{speed['cath']['domains_per_s_a_thread']:.0f} domains",
                    f"{_join(cath, 'cpu_ms_each', '.0f')} ms per domain for "
                    f"{_join(cath, 'domains', 'd')} domains",
                    f"{share['cath']:.0%}",
                ),
                (
                    "`environment`",
                    f"{speed['environment']['residues_per_s_a_thread']:,.0f} residues",
                    f"{_join(environment, 'cpu_ms_each', '.1f')} ms per residue "
                    f"for {_join(environment, 'residues', ',')} residues",
                    f"{share['environment']:.0%}",
                ),
                ("`all`", "", "", f"{share['all']:.0%}"),
            ),
        ),
        "The rest of the CATH time is spent on splitting chains, reading files "
        f"({speed['shares']['cath']['read']:.0%}), finding neighbours and measuring the shape of "
        f"domains. In wall-clock time, {speed['two_threads']['files']} entries ran at "
        f"{clock['1']} domains per second "
        f"with one thread and at {clock['2']} with two, while other work used about one of the two "
        "cores.",
        f"Memory: over {memory['files']:,} small files the private memory of all processes grew by "
        f"{memory['memory']['growth_mb']['private']} MB from the second tenth of the run to the "
        f"last, to at most {memory['memory']['peak_mb']['private']:.0f} MB "
        "([batch_scale.json](../benchmarks/results/batch_scale.json)). One broken file among "
        f"{broken['files']:,} gave {broken['results']:,} results and "
        f"{len(broken['failures'])} failure. A run that was killed "
        f"{kill['kills']} times at work ended with the same tables as an undisturbed one, bit for "
        "bit "
        "([batch_kill.json](../benchmarks/results/batch_kill.json)).",
    )


def _join(points: list[dict[str, Any]], name: str, style: str) -> str:
    return ", ".join(format(point[name], style) for point in points)


def _service() -> str:
    load = benchmark("service_load")
    rounds, kills = load["rounds"], load["kills"]
    one = [r["one_at_a_time_per_s"] for r in rounds]
    eight = [r["eight_at_a_time_per_s"] for r in rounds]
    offered = [r["overload"]["offered_per_s"] for r in rounds]
    goals = load["goals"]

    def row(title: str, values: list[float], unit: str, goal: str, digits: int) -> tuple[str, ...]:
        low, mid, high = min(values), sorted(values)[len(values) // 2], max(values)
        return (
            title,
            f"{mid:.{digits}f}{unit}",
            f"{low:.{digits}f} to {high:.{digits}f}",
            goal,
        )

    answered = sum(sum(k["statuses"].values()) for k in kills)
    statuses = load["overload_statuses"]
    return sections(
        "### The service",
        "The task `cath` for ubiquitin over the loopback interface, client and service on the same "
        f"two idle cores, {len(rounds)} rounds of {load['seconds']:.0f} s per part, by "
        "`python benchmarks/service_load.py --rounds 3 --seconds 10 --kills 2` "
        "([service_load.json](../benchmarks/results/service_load.json)).",
        table(
            ("measure", f"median of {len(rounds)}", "lowest to highest", "goal"),
            (
                row("one request at a time, per second", one, "", "", 1),
                row("eight at a time, per second", eight, "", "", 1),
                row(
                    "speed-up from computing requests in parallel",
                    [r["batching_gain"] for r in rounds],
                    "",
                    f"{goals['batching_gain']}",
                    2,
                ),
                row(
                    "throughput at four times the capacity, relative to that at capacity",
                    [r["goodput_share"] for r in rounds],
                    "",
                    f"{goals['goodput_share']}",
                    2,
                ),
                row(
                    "`/health/live` meanwhile, 99th percentile",
                    [1000 * r["overload"]["health_p99_s"] for r in rounds],
                    " ms",
                    f"{1000 * goals['health_p99_s']:.0f} ms",
                    0,
                ),
                (
                    f"ready again after `kill -9` of the model process ({len(kills)} trials)",
                    f"{load['back_s']['median']:.2f} s",
                    f"{load['back_s']['least']:.2f} to {load['back_s']['most']:.2f}",
                    f"{goals['back_s']} s",
                ),
            ),
        ),
        f"At four times the capacity, requests arrive at fixed times, {min(offered):.0f} to "
        f"{max(offered):.0f} per second: {statuses['200']:,} got status 200, "
        f"{statuses['503']:,} got 503, and none any other. The speed-up is larger than two "
        "cores explain, because a single request also waits to pass through the processes. All "
        f"{answered} requests that a killed model process held got status 200. In an "
        "earlier run, on a machine with a load of 35 to 49, the relative throughput was 0.79 to "
        "0.85 and the 99th percentile of `/health/live` 60 ms.",
    )


def _soak() -> str:
    soak = benchmark("service_soak")
    memory = soak["memory"]

    def slope(name: str, digits: int) -> str:
        part = memory[name]
        return f"{part['slope_mib_per_min']:.{digits}f} ({interval(part['interval_95'], digits)})"

    return sections(
        f"A soak test of {soak['seconds'] / 60:.1f} minutes sent small structures to all addresses "
        f"and as jobs, {soak['offered_per_s']:.1f} requests per second (two fifths of the "
        "capacity), while two training runs of lower priority were at work "
        "(`python benchmarks/service_soak.py --seconds 930`, "
        "[service_soak.json](../benchmarks/results/service_soak.json)): "
        f"{soak['requests']:,} requests, none refused for lack of room, {soak['restarts']} "
        "processes restarted. After three minutes, the memory of all processes together grew by "
        f"{slope('all', 1)} MiB per minute, that of the model process by {slope('model', 1)}, of "
        f"the HTTP process by {slope('answering', 2)}, of the reading processes by "
        f"{slope('reading', 1)}. The model process held {memory['model']['first_mib']:.0f} MiB at "
        f"the start and {memory['model']['last_mib']:.0f} MiB in the last minute.",
    )


def _search() -> str:
    metrics = benchmark("search_speed")
    return sections(
        "### Search among a million vectors",
        f"Finding the {metrics['top']} nearest of {metrics['vectors']:,} vectors of "
        f"{metrics['axes']} numbers on one core, by comparing every vector. The index takes "
        f"{metrics['index_mb']:.0f} MB and finds "
        f"{metrics['search']['protvox int8']['overlap']:.1%} of the true neighbours.",
        table(
            ("method", "median"),
            ((name, f"{part['median_ms']:.0f} ms") for name, part in metrics["search"].items()),
        ),
    )


def _layers() -> str:
    moments, paths = benchmark("moments_speed"), benchmark("path_speed")
    return sections(
        "### Layers",
        "Computed directly from the atoms (`protvox.voxel.moments`), the first layer takes "
        f"{moments['microseconds_per_environment']['moments and embedding']:.0f} µs per "
        "environment; voxelising and convolving takes "
        f"{moments['microseconds_per_environment']['voxelize and convolve']:,.0f} µs, "
        f"{moments['times_slower_than_moments']:.1f} times as long. The median time of "
        "convolutions path by path (`protvox.nn.PathConv3d`), relative to dense kernels:",
        table(
            ("channels", "training", "inference"),
            (
                (
                    name,
                    f"{case['training']['ratio_median']:.2f}",
                    f"{case['inference']['ratio_median']:.2f}",
                )
                for name, case in paths["cases"].items()
            ),
        ),
    )
