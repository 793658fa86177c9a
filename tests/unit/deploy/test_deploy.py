"""The files a cluster is set up by: they are YAML, and name commands, settings and values that there are.

Neither a container runtime nor helm is needed for it: what helm would put in the place of braces is put there by a few
lines here, which know no more than the chart uses.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from holdfast.cli.main import app
from holdfast.places import check_role
from holdfast.settings import NAMES, Settings, merge, variable_of
from tests.lacking import lacking

DEPLOY = Path(__file__).parents[3] / "deploy"
CHART = DEPLOY / "helm" / "holdfast"
TEMPLATES = sorted((CHART / "templates").glob("*.yaml"))
ROLES = ("collect", "react", "send", "api")
VARIABLES = {variable_of(name) for name in NAMES}
RELEASE = "shop"
_VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")


def value_of(name: str) -> Any:
    """A value such as `.Values.smtp.host`; one that is not in values.yaml is an error."""
    found: Any = {"Values": _VALUES, "Release": {"Name": RELEASE, "Revision": 1}}
    for part in name.removeprefix(".").split("."):
        found = found[part]
    return found


def made_of(words: str) -> str:
    """What stands in the place of `{{ words }}`."""
    first, *pipes = (each.strip() for each in words.split("|"))
    if first.startswith("printf"):
        form, *names = first.removeprefix("printf ").split()
        value: Any = form.strip('"') % tuple(value_of(name) for name in names)
    elif first.startswith("include"):
        (name,) = re.findall(r'"/(\S+)"', first)
        value = yaml.safe_dump(rendered(CHART / "templates" / name))
    elif first.startswith("toYaml"):
        value = yaml.safe_dump(value_of(first.removeprefix("toYaml ")), sort_keys=False).rstrip()
    else:
        value = value_of(first)
    for pipe in pipes:
        verb, _, rest = pipe.partition(" ")
        match verb:
            case "quote":
                value = yaml.safe_dump(str(value), default_style='"').strip()
            case "sha256sum":
                value = hashlib.sha256(str(value).encode()).hexdigest()
            case "default":
                value = value or made_of(rest.strip("()"))
            case "nindent":
                value = "\n" + "\n".join(" " * int(rest) + line for line in str(value).splitlines())
            case _:
                raise AssertionError(f"this test does not know {verb}")
    return str(value)


def rendered(template: Path) -> list[dict[str, Any]]:
    """The objects of a template, with everything switched on."""
    text = template.read_text(encoding="utf-8")
    assert text.count("{{") == text.count("}}")
    assert len(re.findall(r"\{\{-? if ", text)) == len(re.findall(r"\{\{-? end ", text))
    text = re.sub(r"\{\{-? (if|end)\b.*?\}\}\n?", "", text)
    text = re.sub(r"[ \t]*\n?[ \t]*\{\{- (toYaml.*?)\}\}", lambda found: made_of(found.group(1).strip()), text)
    text = _ACTION.sub(lambda found: made_of(found.group(1)), text)
    return [each for each in yaml.safe_load_all(text) if each]


def objects() -> Iterator[dict[str, Any]]:
    for template in TEMPLATES:
        yield from rendered(template)


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [each for each in objects() if (each["kind"], each["metadata"]["name"]) == (kind, f"{RELEASE}-{name}")]
    return found


def check_command(words: list[str]) -> None:
    """The command is one of ours, and so are its options."""
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]  # It is a group.
    options = {option for each in command.params for option in each.opts}
    assert {word for word in words[1:] if word.startswith("--")} <= options, words


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings these variables make; one that is none is an error."""
    return merge({}, {}, {name: str(value) for name, value in environment.items()}, {})


@pytest.mark.parametrize("role", ROLES)
def test_the_chart_starts_every_role_with_settings_it_can_work_with(role: str) -> None:
    secret, kept = named("Secret", "places"), named("ConfigMap", "settings")
    deployment = named("Deployment", role)
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    check_command(container["args"])
    assert container["args"][0] == role
    environment = {**secret["stringData"], **kept["data"]}
    environment |= {each["name"]: each["value"] for each in container.get("env", ())}
    assert not {name for name in environment if name.startswith("HOLDFAST_")} - VARIABLES
    check_role(settings_of(environment), role)  # type: ignore[arg-type]  # It is one of the four.
    assert {each[next(iter(each))]["name"] for each in container["envFrom"]} == {
        secret["metadata"]["name"],
        kept["metadata"]["name"],
    }
    # What Kubernetes tells of services would be taken for settings of ours.
    assert pod["enableServiceLinks"] is False
    assert container["readinessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["ports"][0]["containerPort"] == settings_of(environment).port
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert named("PodDisruptionBudget", role)["spec"]["selector"]["matchLabels"] == labels
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert pod["terminationGracePeriodSeconds"] >= 45  # Longer than a process gives itself.


def test_keys_are_given_by_what_stands_in_the_secret() -> None:
    arguments = named("Deployment", "api")["spec"]["template"]["spec"]["containers"][0]["args"]
    given = {each.strip("$()") for each in arguments if each.startswith("$(")}
    assert given <= named("Secret", "places")["stringData"].keys()
    assert named("Job", "migrate-1")["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]


def test_processes_are_started_anew_when_a_setting_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes does not do so by itself: what was chosen would hold from whenever they happen to be."""

    def pods() -> dict[str, Any]:
        return {role: named("Deployment", role)["spec"]["template"]["metadata"]["annotations"] for role in ROLES}

    before = pods()
    monkeypatch.setitem(_VALUES["secrets"], variable_of("secret_key"), "another one")
    after = pods()
    assert not [role for role in ROLES if before[role] == after[role]]


def test_what_seals_secrets_is_the_same_for_every_process_and_kept_as_a_secret() -> None:
    """Without it the console can set up nobody who carries messages and has a password."""
    key = variable_of("secret_key")
    assert key in named("Secret", "places")["stringData"]
    assert key not in named("ConfigMap", "settings")["data"]
    assert len({compose()["services"][role]["environment"][key] for role in ROLES}) == 1


def test_services_lead_to_pods_that_there_are() -> None:
    for service in (each for each in objects() if each["kind"] == "Service"):
        part = service["spec"]["selector"]["app.kubernetes.io/component"]
        assert any(
            each["spec"]["template"]["metadata"]["labels"] == service["spec"]["selector"]
            for each in objects()
            if each["kind"] in ("Deployment", "StatefulSet")
        ), part


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("role", ROLES)
def test_compose_starts_every_role_with_settings_it_can_work_with(role: str) -> None:
    service = compose()["services"][role]
    check_command(service["command"])
    assert service["command"][0] == role
    assert service["environment"].keys() <= VARIABLES
    # What is not set where compose is run is what stands after the sign.
    environment = {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for name, value in service["environment"].items()}
    check_role(settings_of(environment), role)  # type: ignore[arg-type]  # It is one of the four.


def test_what_compose_names_is_there() -> None:
    said = compose()
    services = said["services"]
    for service in services.values():
        assert service.get("depends_on", {}).keys() <= services.keys()
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in said["volumes"] or (DEPLOY / source).exists(), volume
    environment = services["send"]["environment"]
    for name in ("STATE_URL", "LOG_URL", "HISTORY_URL"):
        for host in re.findall(r"([a-z0-9-]+):\d+", environment[f"HOLDFAST_{name}"].rpartition("@")[2]):
            assert host in services, host
    assert environment["HOLDFAST_SMTP_HOST"] in services


def test_the_image_is_made_of_what_there_is() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1] for line in lines if line.startswith("COPY ")]
    assert copied == ["locks/runtime.txt", "dist/*.whl"]
    assert (DEPLOY.parent / "locks" / "runtime.txt").exists()
    said = next(line for line in lines if line.startswith("ENV "))
    assert {each.partition("=")[0] for each in said.split()[1:]} <= VARIABLES


@pytest.mark.parametrize("where", ["compose", "chart"])
def test_nats_syncs_before_it_acknowledges_and_understands_its_configuration(where: str, tmp_path: Path) -> None:
    configuration = (DEPLOY / "nats" / "nats.conf").read_text(encoding="utf-8")
    if where == "chart":
        configuration = named("ConfigMap", "nats")["data"]["nats.conf"]
    assert re.search(r"^\s*sync_interval: always$", configuration, re.MULTILINE)
    program = Path(sys.executable).parent / "nats-server"
    if not program.exists():
        lacking("nats-server is not installed: `make setup` brings it")
    file = tmp_path / "nats.conf"
    file.write_text(configuration, encoding="utf-8")
    names = {"NODE": "nats-0", "POD_NAME": "shop-nats-0"}
    subprocess.run([program, "-t", "-c", file], check=True, env=names, capture_output=True)
