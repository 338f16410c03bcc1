"""`mlflow.deployments` for the endpoints of a Fettle server."""

import json
import time
from urllib.parse import quote, urlparse

import mlflow
from mlflow.deployments import BaseDeploymentClient, PredictionsResponse
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

API = "/api/fettle/v1/endpoints"
PIN = "x-fettle-deployment"
# What the server takes for a deployment besides its name and model.
SPEC = {"executor", "replicas", "replicas_min", "replicas_max", "concurrency", "environment", "limits", "follow"}
# What is meant for this client.
WAITING = {"wait", "timeout"}
TIMEOUT_S = 600
POLL_S = 0.2


def target_help():
    return """
    The target is a Fettle server: `fettle` for the one at MLFLOW_TRACKING_URI, `fettle://HOST:PORT` or
    `fettle:https://HOST` for another.

    Without an endpoint, a deployment is an endpoint of its own name with this one deployment. With one, it joins that
    endpoint and gets no traffic until `update-endpoint` gives it some.

    Configuration (-C KEY=VALUE): executor (auto, native, onnx, python), replicas, replicas_min, replicas_max,
    concurrency, environment (JSON), limits (JSON), follow (true: move with the alias in the model's address), wait
    (false: return before the model answers), timeout (seconds to wait, 600).
    Of an endpoint: traffic (JSON: percent by deployment, which sum to 100).
    """


def run_local(target, name, model_uri, flavor=None, config=None):
    raise MlflowException("Run `fettle serve -m MODEL_URI` to serve a model on this machine.")


class FettleDeploymentClient(BaseDeploymentClient):
    """Deployments and endpoints of one server."""

    def __init__(self, target_uri):
        super().__init__(target_uri)
        self.server = server_of(target_uri)

    # Deployments

    def create_deployment(self, name, model_uri, flavor=None, config=None, endpoint=None):
        check_flavor(flavor)
        spec, waiting = split_config(config)
        if endpoint is None:
            body = {"name": name, "deployment": name, "model_uri": model_uri, **spec}
            self._call("POST", API, body)
        else:
            self._call("POST", f"{path(endpoint)}/deployments", {"name": name, "model_uri": model_uri, **spec})
        try:
            self._wait(name, endpoint or name, waiting)
        except Failed:
            # What never answered is not left behind under a name that was meant for something that does.
            self.delete_deployment(name, endpoint=endpoint)
            raise
        return {"name": name, "flavor": flavor}

    def update_deployment(self, name, model_uri=None, flavor=None, config=None, endpoint=None):
        check_flavor(flavor)
        spec, waiting = split_config(config)
        if model_uri is not None:
            spec["model_uri"] = model_uri
        self._call("PATCH", f"{path(endpoint or name)}/deployments/{quote(name, safe='')}", spec)
        self._wait(name, endpoint or name, waiting)
        return {"flavor": flavor}

    def delete_deployment(self, name, config=None, endpoint=None):
        if endpoint is None:
            self._call("DELETE", path(name))
        else:
            self._call("DELETE", f"{path(endpoint)}/deployments/{quote(name, safe='')}")

    def list_deployments(self, endpoint=None):
        endpoints = self.list_endpoints() if endpoint is None else [self.get_endpoint(endpoint)]
        return [{**deployment, "endpoint": found["name"]} for found in endpoints for deployment in found["deployments"]]

    def get_deployment(self, name, endpoint=None):
        found = self.get_endpoint(endpoint or name)
        for deployment in found["deployments"]:
            if deployment["name"] == name:
                return {**deployment, "endpoint": found["name"]}
        raise MlflowException(f"Endpoint `{found['name']}` has no deployment `{name}`.", RESOURCE_DOES_NOT_EXIST)

    def predict(self, deployment_name=None, inputs=None, endpoint=None):
        """Of an endpoint as its traffic has it; of one deployment if both are named."""
        if deployment_name is None and endpoint is None:
            raise MlflowException("Name a deployment or an endpoint.", INVALID_PARAMETER_VALUE)
        headers = {PIN: deployment_name} if deployment_name and endpoint else {}
        address = f"/endpoints/{quote(endpoint or deployment_name, safe='')}/invocations"
        answer = self._send("POST", address, scoring_body(inputs), headers)
        return PredictionsResponse.from_json(answer.text)

    # Endpoints

    def create_endpoint(self, name, config=None):
        self._call("POST", API, {"name": name})
        if config:
            return self.update_endpoint(name, config)
        return self.get_endpoint(name)

    def update_endpoint(self, endpoint, config=None):
        config = decoded(config)
        unknown = set(config) - {"traffic"}
        if unknown:
            raise MlflowException(f"Unknown configuration: {', '.join(sorted(unknown))}. Use traffic.", INVALID_PARAMETER_VALUE)
        if "traffic" in config:
            self._call("PUT", f"{path(endpoint)}/traffic", {"split": config["traffic"]})
        return self.get_endpoint(endpoint)

    def delete_endpoint(self, endpoint):
        self._call("DELETE", path(endpoint))

    def list_endpoints(self):
        return self._call("GET", API)["endpoints"]

    def get_endpoint(self, endpoint):
        return self._call("GET", path(endpoint))

    def _wait(self, name, endpoint, waiting):
        if str(waiting.get("wait", True)).lower() in ("false", "0"):
            return
        end = time.monotonic() + float(waiting.get("timeout", TIMEOUT_S))
        while True:
            found = self.get_deployment(name, endpoint)
            if found["state"] == "ready":
                return
            if found["state"] == "failed":
                raise Failed(f"Deployment `{name}` could not be started: {found['reason']}")
            if time.monotonic() > end:
                raise MlflowException(f"Deployment `{name}` is still {found['state']}; it goes on starting.")
            time.sleep(POLL_S)

    def _call(self, method, address, body=None):
        text = self._send(method, address, body).text
        return json.loads(text) if text else {}

    def _send(self, method, address, body=None, headers=None):
        arguments = {} if body is None else {"json": body}
        if headers:
            arguments["extra_headers"] = headers
        credentials = get_default_host_creds(self.server)
        answer = http_request(credentials, address, method, raise_on_status=False, **arguments)
        if answer.ok:
            return answer
        raise refused(answer)


class Failed(MlflowException):
    """A model that does not answer."""


def server_of(target_uri):
    parsed = urlparse(target_uri)
    if parsed.scheme == "fettle" and parsed.netloc:
        return f"http://{parsed.netloc}{parsed.path}".rstrip("/")
    if parsed.scheme == "fettle" and parsed.path:
        return parsed.path.rstrip("/")
    server = mlflow.get_tracking_uri()
    if not server.startswith(("http://", "https://")):
        raise MlflowException(
            f"The tracking URI is {server}, which is no server. Set MLFLOW_TRACKING_URI, or use the target "
            "fettle://HOST:PORT.",
            INVALID_PARAMETER_VALUE,
        )
    return server.rstrip("/")


def path(endpoint):
    return f"{API}/{quote(endpoint, safe='')}"


def check_flavor(flavor):
    if flavor not in (None, "python_function"):
        raise MlflowException(
            f"Models are served as MLflow's python_function; the flavor {flavor} cannot be chosen.", INVALID_PARAMETER_VALUE
        )


def decoded(config):
    """The command line has text only; what is JSON in it is read."""
    def value(text):
        try:
            return json.loads(text) if isinstance(text, str) else text
        except ValueError:
            return text

    return {key: value(given) for key, given in (config or {}).items()}


def split_config(config):
    config = decoded(config)
    unknown = set(config) - SPEC - WAITING
    if unknown:
        known = ", ".join(sorted(SPEC | WAITING))
        raise MlflowException(
            f"Unknown configuration: {', '.join(sorted(unknown))}. Use {known}.", INVALID_PARAMETER_VALUE
        )
    return {key: config[key] for key in config if key in SPEC}, {key: config[key] for key in config if key in WAITING}


def scoring_body(inputs):
    """A table, arrays by name, a list, or a body in MLflow's form already."""
    import numpy
    import pandas

    if isinstance(inputs, pandas.DataFrame):
        return {"dataframe_split": json.loads(inputs.to_json(orient="split", index=False))}
    if isinstance(inputs, pandas.Series):
        return scoring_body(inputs.to_frame())
    if isinstance(inputs, numpy.ndarray):
        return {"inputs": inputs.tolist()}
    if isinstance(inputs, dict):
        if any(key in inputs for key in ("dataframe_split", "dataframe_records", "instances", "inputs")):
            return inputs
        return {"inputs": {name: numpy.asarray(values).tolist() for name, values in inputs.items()}}
    if isinstance(inputs, list):
        return {"instances": inputs}
    raise MlflowException(
        f"Inputs are a {type(inputs).__name__}; send a DataFrame, an array, a list or a dictionary.", INVALID_PARAMETER_VALUE
    )


def refused(answer):
    """The server's own words, under the code that MLflow has for them."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    message = body.get("detail") or body.get("message") or body.get("error") or answer.text
    code = body.get("error_code") or body.get("code")
    if code not in ErrorCode.keys():
        code = "INTERNAL_ERROR" if answer.status_code >= 500 else "INVALID_PARAMETER_VALUE"
    return MlflowException(message, ErrorCode.Value(code))
