"""deploy/, the Dockerfile and `make run`: what users apply, build and type first."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import kubernetes.client
import pytest
import yaml

import harness

DEPLOY = harness.ROOT / "deploy"
POLICIES = harness.ROOT / "policies"


@pytest.fixture(scope="module", params=["base", "overlays/enforcing"])
def rendered(request, tool):
    done = harness.run(tool("kubectl"), "kustomize", DEPLOY / request.param)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(rendered, kind):
    return [item for item in yaml.safe_load_all(rendered) if item["kind"] == kind]


def test_it_passes_our_own_check(rendered, enforcing):
    done = harness.command("check", "--policies", enforcing, "--fail-on", "warn", "-",
                           input=rendered)
    assert done.returncode == 0, done.stdout


def model(item):
    """The class of Kubernetes' own client for an object."""
    version = item["apiVersion"].rpartition("/")[2]
    return getattr(kubernetes.client, f"{version.capitalize()}{item['kind']}")


def misfits(value, type_name, path=""):
    """The fields of a value that Kubernetes' own client does not know, and those it misses."""
    if value is None:
        return
    if type_name.startswith("list["):
        for index, element in enumerate(value):
            yield from misfits(element, type_name[5:-1], f"{path}[{index}]")
    elif type_name.startswith("dict("):
        for key, element in value.items():
            yield from misfits(element, type_name[5:-1].split(", ")[1], f"{path}[{key}]")
    elif (known := getattr(kubernetes.client, type_name, None)) is not None:
        attributes = {name: attribute for attribute, name in known.attribute_map.items()}
        for key, element in value.items():
            if key not in attributes:
                yield f"{path}.{key} is unknown to {type_name}"
            else:
                field_type = known.openapi_types[attributes[key]]
                yield from misfits(element, field_type, f"{path}.{key}")
    elif type_name in ("str", "int", "bool"):
        expected = {"str": str, "int": int, "bool": bool}[type_name]
        if type(value) is not expected:
            yield f"{path} is {value!r} and not {type_name}"


def test_it_fits_the_kubernetes_api(rendered):
    checked = []
    for item in yaml.safe_load_all(rendered):
        if item["apiVersion"].startswith("cert-manager.io/"):
            continue
        assert list(misfits(item, model(item).__name__)) == []
        checked.append(item["kind"])
    assert len(checked) == 9


def test_the_configmap_never_changes_and_is_the_one_that_is_mounted(rendered):
    [config_map] = objects(rendered, "ConfigMap")
    assert config_map["immutable"] is True
    assert re.fullmatch(r"cattleguard-policies-\w{10}", config_map["metadata"]["name"])
    [deployment] = objects(rendered, "Deployment")
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    assert config_map["metadata"]["name"] in [
        volume.get("configMap", {}).get("name") for volume in volumes]


def test_the_mounted_policies_are_read(rendered, start, tmp_path):
    """As the kubelet mounts them: names that are links through `..data`."""
    [config_map] = objects(rendered, "ConfigMap")
    data = tmp_path / "..2026_11_23"
    data.mkdir()
    (tmp_path / "..data").symlink_to(data.name)
    for name, text in config_map["data"].items():
        (data / name).write_text(text)
        (tmp_path / name).symlink_to(f"..data/{name}")
    gate = start(policies=tmp_path)
    gate.decide(harness.review("exec-by-developer"))
    gate.stop()


def test_the_options_in_the_deployment_are_understood(rendered, certificate, enforcing):
    """The arguments of the container start a server, with our folders in the place of mounts."""
    [deployment] = objects(rendered, "Deployment")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    replacements = {
        "/etc/cattleguard/policies": str(enforcing), "/etc/cattleguard/tls": str(certificate),
        "0.0.0.0:8443": "127.0.0.1:0", "0.0.0.0:8080": "127.0.0.1:0"}
    arguments = []
    for argument in container["args"]:
        for old, new in replacements.items():
            argument = argument.replace(old, new)
        arguments.append(argument)
    process = subprocess.Popen(
        [str(harness.BINARY), *arguments], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        for line in process.stderr:
            if json.loads(line).get("msg") == "ready":
                break
        else:
            pytest.fail("it ended")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_webhooks_are_registered_as_they_must_be(rendered):
    [configuration] = objects(rendered, "ValidatingWebhookConfiguration")
    by_name = {webhook["name"]: webhook for webhook in configuration["webhooks"]}
    assert set(by_name) == {
        "objects.cattleguard.dev", "cluster-objects.cattleguard.dev",
        "removals.cattleguard.dev", "connect.cattleguard.dev"}
    # What no namespaceSelector can exempt, and what drains a node, must never wait for the gate.
    assert by_name["cluster-objects.cattleguard.dev"]["failurePolicy"] == "Ignore"
    assert by_name["removals.cattleguard.dev"]["failurePolicy"] == "Ignore"
    for webhook in by_name.values():
        assert webhook["admissionReviewVersions"] == ["v1", "v1beta1"]
        assert webhook["sideEffects"] == "None"
        assert webhook["matchPolicy"] == "Equivalent"
        assert 3 <= webhook["timeoutSeconds"] <= 5
        assert webhook["clientConfig"]["service"]["path"] == "/validate"
        assert "objectSelector" not in webhook
        assert webhook["namespaceSelector"]["matchExpressions"] == [{
            "key": "kubernetes.io/metadata.name", "operator": "NotIn",
            "values": ["cattleguard", "kube-system"]}]
        resources = [name for rule in webhook["rules"] for name in rule["resources"]]
        assert not any("*" in name for name in resources)

    def operations(name):
        return {operation for rule in by_name[name]["rules"] for operation in rule["operations"]}

    assert operations("objects.cattleguard.dev") == {"CREATE", "UPDATE"}
    assert operations("cluster-objects.cattleguard.dev") == {"CREATE", "UPDATE", "DELETE"}
    assert operations("removals.cattleguard.dev") == {"DELETE"}
    assert operations("connect.cattleguard.dev") == {"CONNECT"}


def test_the_certificate_bears_the_name_that_is_called(rendered):
    [configuration] = objects(rendered, "ValidatingWebhookConfiguration")
    service = configuration["webhooks"][0]["clientConfig"]["service"]
    name = configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"]
    [certificate] = [
        item for item in objects(rendered, "Certificate")
        if f"{item['metadata']['namespace']}/{item['metadata']['name']}" == name]
    assert f"{service['name']}.{service['namespace']}.svc" in certificate["spec"]["dnsNames"]


def test_a_certificate_of_your_own_takes_the_place_of_cert_manager(tool, tmp_path):
    for folder in [DEPLOY, POLICIES]:
        shutil.copytree(folder, tmp_path / folder.name)
    component = tmp_path / "deploy/components/own-certificate"
    done = harness.command(
        "certificate", "--host", "cattleguard.cattleguard.svc", "--out", component, "--force")
    assert done.returncode == 0, done.stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/kustomization.yaml").write_text(
        "resources: [../deploy/overlays/enforcing]\n"
        "components: [../deploy/components/own-certificate]\n")
    done = harness.run(tool("kubectl"), "kustomize", tmp_path / "mine")
    assert done.returncode == 0, done.stderr
    assert b"cert-manager" not in done.stdout
    [secret] = objects(done.stdout, "Secret")
    [deployment] = objects(done.stdout, "Deployment")
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    assert secret["metadata"]["name"] in [
        volume.get("secret", {}).get("secretName") for volume in volumes]
    [configuration] = objects(done.stdout, "ValidatingWebhookConfiguration")
    for webhook in configuration["webhooks"]:
        bundle = base64.b64decode(webhook["clientConfig"]["caBundle"])
        assert bundle == (component / "ca.crt").read_bytes()


def test_there_is_time_to_end_in_order(rendered):
    """preStop, the drain delay and the finish time fit into what the kubelet grants."""
    [deployment] = objects(rendered, "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    options = dict(
        argument.removeprefix("--").split("=") for argument in container["args"][1:])
    seconds = container["lifecycle"]["preStop"]["sleep"]["seconds"] + sum(
        int(options[name].removesuffix("s")) for name in ["drain-delay", "finish-time"])
    assert seconds < pod["terminationGracePeriodSeconds"]


def test_the_deployment_survives_what_clusters_do(rendered):
    [deployment] = objects(rendered, "Deployment")
    spec = deployment["spec"]
    assert spec["replicas"] >= 2
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    pod = spec["template"]["spec"]
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False
    assert pod["priorityClassName"] and pod["topologySpreadConstraints"]
    [container] = pod["containers"]
    assert container["lifecycle"]["preStop"] == {"sleep": {"seconds": 5}}
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"]:
        assert container[probe]["httpGet"] == {
            "path": "/healthz", "port": "admission", "scheme": "HTTPS"}
    [budget] = objects(rendered, "PodDisruptionBudget")
    assert budget["spec"]["selector"] == spec["selector"]


def test_the_enforcing_policies_are_the_shipped_ones():
    """They differ in the action alone. One must be told who is automation before it may deny."""
    shipped = {}
    for path in POLICIES.glob("*.yaml"):
        [policy] = yaml.safe_load_all(path.read_text())
        assert policy["metadata"]["name"] == policy["spec"]["rule"] == path.stem
        assert policy["spec"].pop("validationActions") == ["Warn"]
        shipped[path.stem] = policy
    enforced = {}
    for policy in yaml.safe_load_all(harness.ENFORCING.read_text()):
        action = "Warn" if policy["metadata"]["name"] == "change-by-automation" else "Deny"
        assert policy["spec"].pop("validationActions") == [action]
        enforced[policy["metadata"]["name"]] = policy
    assert enforced == shipped


def test_hadolint_has_no_complaint(tool):
    done = harness.run(tool("hadolint"), harness.ROOT / "Dockerfile")
    assert done.returncode == 0, done.stdout.decode()


def test_the_program_needs_only_what_the_image_has():
    """Debian's C and C++ libraries, OpenSSL, nghttp2 and libyaml: no Swift library."""
    needed = harness.run("objdump", "--private-headers", harness.BINARY).stdout.decode()
    assert set(re.findall(r"NEEDED\s+(\S+)", needed)) <= {
        "libssl.so.3", "libcrypto.so.3", "libnghttp2.so.14", "libyaml-0.so.2", "libstdc++.so.6",
        "libm.so.6", "libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1"}


def test_make_run_shows_a_denial_and_an_answer():
    if harness.BINARY != harness.ROOT / ".build/release/cattleguard":
        pytest.skip("`make run` runs the program of `make build`")
    done = harness.run(
        "make", "run", cwd=harness.ROOT, stdin=subprocess.DEVNULL, timeout=600,
        env={**os.environ, "RUN_ONCE": "1",
             "CATTLEGUARD_ADMISSION_ADDRESS": "https://127.0.0.1:0",
             "CATTLEGUARD_SERVICE_ADDRESS": "http://127.0.0.1:0"})
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert b'"allowed":false' in done.stdout
    assert b'"allowed":true' in done.stdout


def test_the_install_script_tells_what_to_type():
    """Where it is not root it installs nothing, and says the whole command."""
    text = (harness.ROOT / "Scripts/install-dependencies").read_text()
    as_nobody = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder:
        # A dpkg-query that knows no package, where nobody can read it.
        os.chmod(folder, 0o755)
        fake = pathlib.Path(folder, "dpkg-query")
        fake.write_text("#!/bin/sh\nexit 1\n")
        fake.chmod(0o755)
        done = harness.run(
            *as_nobody, "bash", "-c", text, "install-dependencies", "build", cwd="/",
            env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    assert done.returncode == 1
    assert (
        b"sudo apt-get update && sudo apt-get install --no-install-recommends libssl-dev "
        b"libnghttp2-dev libyaml-dev pkg-config") in done.stderr
