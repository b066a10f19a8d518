"""A browser tab without a browser: a WebSocket client that speaks `streamlit.proto`."""

import re
import threading
import time
from urllib.parse import urlsplit

import websocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

NUMBER = re.compile(r'MetricLabel">(.*?)</div><div data-testid="stMetricValue">(.*?)</div>')

CHARTS = 4


class Session:
    """One session of the app, which answers timers and shows numbers like a browser tab.

    Parameters
    ----------
    url : str
        The server's address.
    query : str
        The page's query string.

    Attributes
    ----------
    numbers : dict
        Label -> text of the metrics, as they stand now.
    frames : list of float
        When (`time.monotonic`) a frame was complete: a fragment run that ended after
        delivering all three charts and an Update number that is not the last frame's.
    """

    def __init__(self, url, query):
        self.numbers, self.frames = {}, []
        self._query, self._page = query, ""
        self._widgets = {}  # key -> id, of those that have been drawn
        self._values = {}  # key -> chosen options of a segmented control
        self._charts, self._last_update = 0, None
        self._timer = None  # (fragment id, seconds), while the server wants reruns
        self._runs, self._closed = threading.Condition(), threading.Event()
        self._runs_done = 0
        self._socket = websocket.create_connection(
            f"ws://{urlsplit(url).netloc}/_stcore/stream", origin=url, subprotocols=["streamlit"]
        )
        threading.Thread(target=self._receive, daemon=True).start()
        threading.Thread(target=self._keep_time, daemon=True).start()
        self.rerun()

    # --- what a person does -----------------------------------------------------------

    def rerun(self):
        """Run the whole script and wait for it to end."""
        self._run_and_wait()

    def press(self, key):
        """Press the button with this key."""
        self._run_and_wait(pressed=key)

    def choose(self, key, option):
        """Choose an option of the segmented control with this key."""
        self._values[key] = [option]
        self._run_and_wait()

    def close(self):
        """Close the tab."""
        self._closed.set()
        self._socket.close()

    def _run_and_wait(self, pressed=None, seconds=30):
        with self._runs:
            done = self._runs_done
            self._send(pressed=pressed)
            if not self._runs.wait_for(lambda: self._runs_done > done, seconds):
                raise TimeoutError("the script did not run to its end")

    # --- to the server ----------------------------------------------------------------

    def _send(self, pressed=None, fragment=""):
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        for key, options in self._values.items():
            state.widget_states.widgets.add(id=self._widgets[key]).string_array_value.data.extend(options)
        if pressed:
            state.widget_states.widgets.add(id=self._widgets[pressed], trigger_value=True)
        self._socket.send_binary(message.SerializeToString())

    def _keep_time(self):
        """Like a browser's setInterval: a rerun every period, whether or not the last has ended."""
        due = time.monotonic()
        while not self._closed.wait(max(due - time.monotonic(), 0)):
            timer = self._timer
            if timer:
                self._send(fragment=timer[0])
            due = max(due + (timer[1] if timer else 0.01), time.monotonic())

    # --- from the server --------------------------------------------------------------

    def _receive(self):
        message = ForwardMsg()
        while not self._closed.is_set():
            try:
                data = self._socket.recv()
            except (OSError, websocket.WebSocketException):
                return
            if not data:  # the other side closed
                return
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if kind in ("new_session", "delta", "auto_rerun", "script_finished"):
                getattr(self, f"_on_{kind}")(message)

    def _on_new_session(self, message):
        self._page, self._charts = message.new_session.page_script_hash, 0
        if not message.metadata.run.fragment_ids:
            self._timer = None

    def _on_auto_rerun(self, message):
        self._timer = message.auto_rerun.fragment_id, message.auto_rerun.interval

    def _on_delta(self, message):
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind in ("button", "button_group"):
            identity = getattr(element, kind).id
            self._widgets[_key(identity)] = identity
            if kind == "button_group":
                self._adopt_choice(element.button_group)
        elif kind == "html":
            self.numbers.update(NUMBER.findall(element.html.body))
        elif kind == "vega_lite_chart":
            self._charts += 1
            if self._charts % CHARTS == 0:
                self._on_frame()

    def _adopt_choice(self, group):
        """Send a control's value with every run, as a browser does, from when it is first drawn."""
        chosen = list(group.raw_values) if group.set_value else [group.options[i].content for i in group.default]
        self._values.setdefault(_key(group.id), chosen)

    def _on_frame(self):
        """All four charts have come: a frame, if there is something new in it."""
        update = self.numbers.get("Update")
        if update != self._last_update:
            self.frames.append(time.monotonic())
        self._last_update = update

    def _on_script_finished(self, message):
        if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            with self._runs:
                self._runs_done += 1
                self._runs.notify_all()


def _key(widget_id):
    """The app's own key of a widget."""
    return widget_id.rpartition("-")[2]
