"""The schemas in deploy/schema and the program agree on what a policy is."""

import copy
import json
import re

import jsonschema
import pytest
import yaml

import harness

SCHEMAS = harness.ROOT / "deploy" / "schema"


def schema(name):
    return json.loads((SCHEMAS / f"{name}.json").read_text())


def accepts(name, document):
    return jsonschema.Draft7Validator(schema(name)).is_valid(document)


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def policy(spec, **members):
    return {"apiVersion": "cattleguard.dev/v1", "kind": "Policy", "metadata": {"name": "a"},
            "spec": spec, **members}


def matching(**match):
    return policy({"rule": "no-ssh", "match": match})


def selecting(**expression):
    return matching(objectSelector={"matchExpressions": [expression]})


def without(name):
    document = policy({"rule": "no-ssh"})
    del document[name]
    return document


def validate(tmp_path, *texts):
    for index, text in enumerate(texts):
        (tmp_path / f"{index}.yaml").write_text(text)
    done = harness.command("policies", "validate", "--format", "json", tmp_path)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_a_schema_is_one(path):
    jsonschema.Draft7Validator.check_schema(json.loads(path.read_text()))


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_the_program_prints_what_is_committed(path):
    kinds = [] if path.stem == "cattleguard" else [
        "--kind", schema(path.stem)["properties"]["kind"]["enum"][0]]
    printed = harness.command("policies", "schema", *kinds)
    assert printed.stdout == path.read_bytes()


def test_a_kind_that_there_is_not():
    done = harness.command("policies", "schema", "--kind", "Polcy")
    assert done.returncode == 2
    assert b"There is no kind 'Polcy' (did you mean \"Policy\"?)" in done.stderr


@pytest.mark.parametrize("path", [
    *sorted((harness.ROOT / "policies").glob("*.yaml")),
    harness.ROOT / "deploy" / "overlays" / "enforcing" / "policies.yaml",
    harness.ROOT / "deploy" / "examples" / "exception.yaml"], ids=lambda p: p.name)
def test_what_is_shipped_fits(path):
    for document in documents(path):
        for name in ["cattleguard", document["kind"].lower()]:
            jsonschema.validate(document, schema(name), jsonschema.Draft7Validator)


FINE = {
    "the least": policy({"rule": "no-ssh"}),
    "null is as good as absent": policy(
        {"rule": "no-exec", "match": None, "parameters": None, "validationActions": None,
         "existingViolations": None}),
    "labels and annotations": policy(
        {"rule": "no-ssh"}, metadata={"name": "a", "labels": {"x": 5}, "annotations": None}),
    "two actions": policy({"rule": "no-ssh", "validationActions": ["Audit", "Deny"]}),
    "every list of a match": matching(
        namespaces=["shop", "*-web"], excludeNamespaces=["x"], names=[], users=["a"],
        groups=["b"], excludeUsers=["c"], excludeGroups=["d"], operations=["CREATE"]),
    "kinds by name and group": matching(
        kinds=["Pod", "Service", "Deployment", "argoproj.io/Rollout", "apps/Deployment"]),
    "an exec is a CONNECT": policy(
        {"rule": "no-exec", "match": {"operations": ["CONNECT"], "kinds": ["Pod"]}}),
    "labels": matching(objectSelector={
        "matchLabels": {"a": "b"},
        "matchExpressions": [
            {"key": "k", "operator": "In", "values": ["v"]},
            {"key": "k", "operator": "Exists"},
            {"key": "k", "operator": "DoesNotExist", "values": []}]}),
    "parameters of images": policy({
        "rule": "image-digest",
        "parameters": {"require": "version", "floatingTags": ["latest"], "exemptImages": []}}),
    "parameters of exec": policy({
        "rule": "no-exec",
        "parameters": {"allowedCommands": [{"command": ["ls"], "prefix": True}],
                       "allowedUsers": ["*"]}}),
    "ports": policy({"rule": "no-ssh", "parameters": {"ports": [1, 22, 65535, 22.0]}}),
    "a long name": policy({"rule": "no-ssh"}, metadata={"name": "n" * 253}),
}

BROKEN = {
    "no apiVersion": without("apiVersion"),
    "no kind": without("kind"),
    "no metadata": without("metadata"),
    "no spec": without("spec"),
    "another apiVersion": policy({"rule": "no-ssh"}, apiVersion="v1"),
    "another kind": policy({"rule": "no-ssh"}, kind="Deployment"),
    "one field too many": policy({"rule": "no-ssh"}, status={}),
    "no name": policy({"rule": "no-ssh"}, metadata={}),
    "a name that is none": policy({"rule": "no-ssh"}, metadata={"name": "A_b"}),
    "a name too long": policy({"rule": "no-ssh"}, metadata={"name": "n" * 254}),
    "a number for a name": policy({"rule": "no-ssh"}, metadata={"name": 5}),
    "a field too many beside the name": policy(
        {"rule": "no-ssh"}, metadata={"name": "a", "nam": "b"}),
    "no rule": policy({}),
    "a rule that there is not": policy({"rule": "no-shh"}),
    "a field of spec that there is not": policy({"rule": "no-ssh", "action": "Deny"}),
    "an action that there is not": policy({"rule": "no-ssh", "validationActions": ["deny"]}),
    "no action": policy({"rule": "no-ssh", "validationActions": []}),
    "an action twice": policy({"rule": "no-ssh", "validationActions": ["Audit", "Audit"]}),
    "Deny and Warn": policy({"rule": "no-ssh", "validationActions": ["Warn", "Deny"]}),
    "no list of actions": policy({"rule": "no-ssh", "validationActions": "Deny"}),
    "existingViolations": policy({"rule": "no-ssh", "existingViolations": "allow"}),
    "a parameter of another rule": policy({"rule": "no-ssh", "parameters": {"require": "digest"}}),
    "a port too high": policy({"rule": "no-ssh", "parameters": {"ports": [65536]}}),
    "a port of words": policy({"rule": "no-ssh", "parameters": {"ports": ["22"]}}),
    "a blank word": policy({"rule": "no-ssh", "parameters": {"programs": [" "]}}),
    "a requirement that there is not": policy(
        {"rule": "image-digest", "parameters": {"require": "tag"}}),
    "a command without words": policy(
        {"rule": "no-exec", "parameters": {"allowedCommands": [{"command": []}]}}),
    "a command without a command": policy(
        {"rule": "no-exec", "parameters": {"allowedCommands": [{"tty": True}]}}),
    "null in a list": policy(
        {"rule": "no-exec", "parameters": {"allowedCommands": [None]}}),
    "a boolean in words": policy(
        {"rule": "read-only-root-filesystem", "parameters": {"exemptEphemeralContainers": "yes"}}),
    "a field of match that there is not": matching(namespace=["a"]),
    "an empty glob": matching(users=[""]),
    "a kind that the rule does not see": matching(kinds=["Secret"]),
    "exec of a Deployment": policy({"rule": "no-exec", "match": {"kinds": ["Deployment"]}}),
    "an operation that there is not": matching(operations=["PATCH"]),
    "an operation that the rule does not see": matching(operations=["CONNECT"]),
    "a label that is no string": matching(objectSelector={"matchLabels": {"a": 1}}),
    "an expression without a key": selecting(operator="Exists"),
    "an expression with an empty key": selecting(key="", operator="Exists"),
    "an expression without an operator": selecting(key="a"),
    "In without values": selecting(key="a", operator="In"),
    "In of nothing": selecting(key="a", operator="In", values=[]),
    "Exists with values": selecting(key="a", operator="Exists", values=["b"]),
}


def kind(podSpecs=({"path": "spec.template"},), **spec):
    return {"apiVersion": "cattleguard.dev/v1", "kind": "WorkloadKind", "metadata": {"name": "a"},
            "spec": {"group": "example.org", "kind": "App", "podSpecs": list(podSpecs), **spec}}


FINE |= {
    "a custom kind": kind(),
    "a custom kind with all there is": kind(
        [{"path": "spec.a[*].b-c.*", "form": "podSpec"}, {"path": "spec.t", "form": None}],
        inPlaceUpdate={"field": "spec.update.type", "values": ["InPlaceOnly"]}),
}

BROKEN |= {
    "a kind of no group": kind(group=""),
    "a kind of Kubernetes' own": kind(group="apps", kind="Deployment"),
    "a kind that is none": kind(kind="apps/App"),
    "a kind without Pods": kind([]),
    "a path to one element": kind([{"path": "spec.tasks[0].template"}]),
    "a path with an empty part": kind([{"path": "spec..template"}]),
    "a path that ends in a dot": kind([{"path": "spec.template."}]),
    "a path that begins with every member": kind([{"path": "*.template"}]),
    "a form that there is not": kind([{"path": "spec.template", "form": "pod"}]),
    "a strategy without values": kind(inPlaceUpdate={"field": "spec.type", "values": []}),
    "a strategy without a field": kind(inPlaceUpdate={"values": ["a"]}),
    "a strategy by a wildcard": kind(inPlaceUpdate={"field": "spec.*", "values": ["a"]}),
}



def exception(**spec):
    spec = {"policies": ["beside"], "match": {"names": ["web-*"]}, "reason": "INC-1",
            "expiresAt": "2026-12-01T00:00:00Z", **spec}
    return {"apiVersion": "cattleguard.dev/v1", "kind": "PolicyException",
            "metadata": {"name": "a"},
            "spec": {name: value for name, value in spec.items() if value != "absent"}}


FINE |= {
    "an exception": exception(),
    "an exception with all there is": exception(
        match={"namespaces": ["a"], "excludeNamespaces": ["b"], "kinds": ["Pod"], "names": ["c"],
               "images": ["*/d"], "users": ["e"], "groups": ["f"]},
        approvedBy="bob", expiresAt="1999-12-31T23:59:59.123+14:00"),
}

BROKEN |= {
    "an exception from nothing": exception(policies=[]),
    "an exception from no list": exception(policies="beside"),
    "an exception twice from one": exception(policies=["beside", "beside"]),
    "an exception from everything": exception(match="absent"),
    "an exception by operation": exception(match={"operations": ["CREATE"]}),
    "an exception without a reason": exception(reason="absent"),
    "an exception for a blank reason": exception(reason=" "),
    "an exception for ever": exception(expiresAt="absent"),
    "an exception until a date": exception(expiresAt="2026-12-01"),
    "an exception until somewhere's midnight": exception(expiresAt="2026-12-01T00:00:00"),
    "an exception approved by a number": exception(approvedBy=5),
}

# So that a folder with a custom kind or an exception holds a policy.
POLICY = json.dumps(policy({"rule": "no-ssh"}, metadata={"name": "beside"}))


@pytest.mark.parametrize("name", FINE)
def test_both_accept(name, tmp_path):
    document = FINE[name]
    code, report = validate(tmp_path, json.dumps(document), POLICY)
    assert code == 0 and report["valid"], report
    jsonschema.validate(
        document, schema(document["kind"].lower()), jsonschema.Draft7Validator)
    assert accepts("cattleguard", document)


@pytest.mark.parametrize("name", BROKEN)
def test_both_refuse(name, tmp_path):
    document = BROKEN[name]
    code, report = validate(tmp_path, json.dumps(document), POLICY)
    assert code == 2 and not report["valid"], "the program accepts it"
    kind = document.get("kind")
    name = kind.lower() if kind in ("WorkloadKind", "PolicyException") else "policy"
    assert not accepts(name, document), "the schema accepts it"
    assert not accepts("cattleguard", document), "the schema of all kinds accepts it"


def test_every_default_that_the_schema_tells_is_the_one_in_force():
    """What `show` calls a default is what the schema calls one."""
    for then in schema("policy")["properties"]["spec"]["allOf"]:
        rule = then["if"]["properties"]["rule"]["const"]
        done = harness.command(
            "policies", "show", "--format", "json", "a", "--policies", "/dev/stdin",
            input=json.dumps(policy({"rule": rule})).encode())
        assert done.returncode == 0, done.stderr
        shown = json.loads(done.stdout)["parameters"]
        told = then["then"]["properties"]["parameters"]["properties"]
        assert [field["name"] for field in shown] == list(told)
        for field in shown:
            assert field["source"] == "default"
            assert (field["value"] or None) == (told[field["name"]].get("default") or None), field


def test_all_problems_of_all_files_are_told(tmp_path):
    bad = copy.deepcopy(BROKEN["a rule that there is not"])
    worse = policy({"rule": "no-ssh", "validationActions": [], "match": {"a": 1}})
    never = policy({"rule": "no-ssh", "match": {"excludeUsers": ["*"]}}, metadata={"name": "n"})
    code, report = validate(tmp_path, *map(json.dumps, [bad, worse, never]), "a: [")
    assert code == 2
    assert [problem["file"][-6:] for problem in report["problems"]] == [
        "0.yaml", "1.yaml", "1.yaml", "1.yaml", "3.yaml"]
    assert [warning["file"][-6:] for warning in report["warnings"]] == ["2.yaml"]
    done = harness.command(
        "policies", "validate", *(tmp_path / f"{number}.yaml" for number in range(4)))
    assert done.returncode == 2
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 6
    assert all(re.match(r"\S+\.yaml:\d+:\d+: ", line) for line in lines)


def test_the_cap_shows_in_lists_and_details(tmp_path):
    (tmp_path / "a.yaml").write_text(json.dumps(
        policy({"rule": "no-ssh", "validationActions": ["Deny", "Audit"]})))
    arguments = ["--policies", tmp_path, "--enforcement", "advisory", "--format", "json"]
    listed = json.loads(harness.command("policies", "list", *arguments).stdout)["policies"]
    shown = json.loads(harness.command("policies", "show", "a", *arguments).stdout)
    for told in [*listed, shown]:
        assert told["declaredActions"] == ["Deny", "Audit"]
        assert told["actions"] == ["Warn", "Audit"]


def test_the_service_and_the_command_list_alike(start, enforcing):
    gate = start(policies=enforcing)
    served = gate.get("/v1/policies")[2]
    gate.stop()
    listed = harness.command("policies", "list", "--format", "json", "--policies", enforcing)
    assert served == listed.stdout
