// Watches what the page Runs really shows. Injected before the page's own scripts; read as `window.probe`.
(() => {
  const probe = (window.probe = {
    table: null, // when the first row of the table stood
    nothing: null, // when the page said that no run is kept
    painted: {}, // picture, or "table" -> when it was painted last
    input: 0, // when the last key went down or the mouse button came up
    scrolled: [], // of each turn of the wheel: milliseconds until the table was painted
  });
  let wheel = 0;

  function before(method, look) {
    const original = CanvasRenderingContext2D.prototype[method];
    CanvasRenderingContext2D.prototype[method] = function (...args) {
      look(this.canvas, args);
      return original.apply(this, args);
    };
  }

  // The table draws its cells on canvases that are in no page, too.
  const isOfTable = (canvas) => !canvas.isConnected || canvas.closest("[data-testid=stDataFrame]");

  before("fillText", (canvas, [text]) => {
    if (!isOfTable(canvas)) return;
    const now = performance.now();
    if (String(text).startsWith("run-") || String(text).startsWith("ten")) probe.table ??= now;
    probe.painted.table = now;
    if (wheel) probe.scrolled.push(now - wheel);
    wheel = 0;
  });
  // In the order of the page: the curves, then a boundary a run.
  before("clearRect", (canvas) => {
    const place = [...document.querySelectorAll(".stVegaLiteChart")].indexOf(canvas.closest(".stVegaLiteChart"));
    if (place >= 0) probe.painted[place ? `boundary_${place}` : "comparison"] = performance.now();
  });

  new MutationObserver(() => {
    if (document.body.innerText.includes("No run is kept yet")) probe.nothing ??= performance.now();
  }).observe(document, { childList: true, subtree: true, characterData: true });

  const input = (event) => { probe.input = event.timeStamp; };
  for (const kind of ["click", "keydown"]) document.addEventListener(kind, input, true);
  document.addEventListener("wheel", (event) => { wheel ||= event.timeStamp; }, true);
})();
