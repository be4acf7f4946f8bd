"""Interlaced pictures to whole ones, where there are any."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.stream import VideoStream


class Deinterlacer:
    """Passes frames through until the first interlaced one; from there on bwdif fills them in.

    Progressive frames among interlaced ones stay as they are; times stay too.
    """

    def __init__(self, stream: "VideoStream") -> None:
        self._stream = stream
        self._graph: Any = None
        self._size = (0, 0, "")

    def __call__(self, frame: "VideoFrame | None") -> list["VideoFrame"]:
        """Frames that are ready; None asks for the last ones."""
        if frame is None:
            return self._flush()
        if self._graph is None and not frame.interlaced_frame:
            return [frame]
        ready: list[VideoFrame] = []
        size = (frame.width, frame.height, frame.format.name)
        if size != self._size:
            ready = self._flush()
            self._open(frame)
            self._size = size
        self._graph.vpush(frame)
        return ready + self._pull()

    def _open(self, frame: "VideoFrame") -> None:
        import av.filter

        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base,
            ),
            graph.add("bwdif", "mode=send_frame:deint=interlaced"),
            graph.add("buffersink"),
        ).configure()
        self._graph = graph

    def _pull(self) -> list["VideoFrame"]:
        import av

        ready = []
        while True:
            try:
                ready.append(self._graph.vpull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return ready

    def _flush(self) -> list["VideoFrame"]:
        if self._graph is None:
            return []
        self._graph.vpush(None)
        ready = self._pull()
        self._graph = None
        self._size = (0, 0, "")
        return ready
