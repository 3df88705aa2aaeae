"""Compares what checkov finds with the exceptions in checkov.txt: checkov.py REPORT.json"""

import json
import pathlib
import sys


def main():
    """Prints what differs and says by its exit status whether anything does."""
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    reports = report if isinstance(report, list) else [report]
    failed = {}
    for finding in (finding for part in reports for finding in part["results"]["failed_checks"]):
        failed.setdefault(finding["check_id"], []).append(f"{finding['resource']}: {finding['check_name']}")
    lines = pathlib.Path(__file__).with_suffix(".txt").read_text().splitlines()
    entries = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    for check in sorted(failed.keys() - entries.keys()):
        print(f"{check} fails: " + "; ".join(sorted(set(failed[check]))), file=sys.stderr)
    for check in sorted(entries.keys() - failed.keys()):
        print(f"{check} is excepted and finds nothing any more", file=sys.stderr)
    resources = sum(part["summary"]["resource_count"] for part in reports)
    passed = sum(part["summary"]["passed"] for part in reports)
    broken = sum(part["summary"]["parsing_errors"] for part in reports)
    print(f"checkov: {passed} passed over {resources} resources, {len(entries)} exceptions, {broken} files not understood")
    sys.exit(failed.keys() != entries.keys() or broken > 0 or resources == 0)


main()
