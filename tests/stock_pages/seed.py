"""Fills a tracking server with what the stock pages are to show: the browser tests' data, and traces and prompts.

usage: python seed.py TRACKING_URI
"""

import importlib.util
import pathlib
import sys

import mlflow
from mlflow import MlflowClient


def seed_traces() -> None:
    mlflow.set_experiment("support assistant")
    with mlflow.start_span("answer question", span_type="CHAIN") as root:
        root.set_inputs({"question": "Where is my parcel?"})
        with mlflow.start_span("look up order", span_type="TOOL") as tool:
            tool.set_inputs({"order": 4711})
            tool.set_outputs({"state": "in transit"})
        with mlflow.start_span("write answer", span_type="LLM") as llm:
            llm.set_inputs({"messages": [{"role": "user", "content": "Where is my parcel?"}]})
            llm.set_outputs({"choices": [{"message": {"role": "assistant", "content": "It is on its way."}}]})
            llm.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 12, "output_tokens": 6, "total_tokens": 18})
        root.set_outputs("It is on its way.")
    mlflow.flush_trace_async_logging()
    mlflow.log_feedback(trace_id=root.trace_id, name="helpful", value=True)


def seed_prompts() -> None:
    mlflow.genai.register_prompt(name="greeting", template="Hello {{ name }}, how can I help?", commit_message="First words")
    mlflow.genai.register_prompt(name="greeting", template="Dear {{ name }}, what can I do for you?", commit_message="More polite")


def main() -> None:
    address = sys.argv[1]
    mlflow.set_tracking_uri(address)
    path = pathlib.Path(__file__).parent.parent / "browser" / "seed.py"
    spec = importlib.util.spec_from_file_location("browser_seed", path)
    browser = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(browser)
    client = MlflowClient(address)
    browser.seed_training(client)
    browser.seed_models(client)
    seed_traces()
    seed_prompts()


if __name__ == "__main__":
    main()
