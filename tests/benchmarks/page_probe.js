// Watches what the page really shows. Injected before the page's own scripts; read as `window.probe`.
//
// A repaint of a chart is a clearRect of its canvas and what is drawn behind it. Repaints are
// looked at once an animation frame, just before the browser shows them, so that what nobody
// can see is not counted.
(() => {
  const CHARTS = ["boundary", "losses", "norms", "network"]; // in the order of the page
  const FIELD_PIXELS = [[0.03, 0.03], [0.97, 0.03], [0.03, 0.97], [0.97, 0.97]]; // where no point is ever drawn

  const probe = (window.probe = {});
  probe.restart = () => Object.assign(probe, {
    painted: Object.fromEntries(CHARTS.map((name) => [name, 0])), // animation frames in which each was repainted
    withoutField: 0, // animation frames that ended on a boundary without a complete image
    blankPixels: 0, // animation frames in which a pixel of the field was transparent or background
    canvasesAdded: 0,
    canvasesRemoved: 0,
    epochs: 0, // changes of the number that is called Epoch
    fields: 0, // changes of the field's image
  });
  probe.restart();
  probe.usefulPicture = null; // when the first boundary with its field and `probe.points` points stood
  probe.firstPicture = null; // when the first chart of all stood
  probe.points = 1;
  probe.click = null;

  // --- canvases ---------------------------------------------------------------------

  const repaints = new Map(); // canvas -> what has been drawn on it in this animation frame

  function before(method, look) {
    const original = CanvasRenderingContext2D.prototype[method];
    CanvasRenderingContext2D.prototype[method] = function (...args) {
      look(this, args);
      return original.apply(this, args);
    };
  }

  before("clearRect", (context) => {
    const { fills = 0 } = repaints.get(context.canvas) ?? {}; // a second repaint may redraw only a part
    repaints.set(context.canvas, { context, fills, field: null });
  });
  before("fill", ({ canvas }) => { if (repaints.has(canvas)) repaints.get(canvas).fills += 1; });
  before("drawImage", (context, [image, x, y, width, height]) => {
    const repaint = repaints.get(context.canvas);
    if (!repaint || !image.complete || !image.naturalWidth) return;
    repaint.field = { src: image.src, origin: context.getTransform().transformPoint({ x, y }), width, height };
  });

  function look() {
    const canvases = [...document.querySelectorAll(".stVegaLiteChart canvas")];
    if (!probe.firstPicture && document.querySelector(".stVegaLiteChart :is(canvas, svg)"))
      probe.firstPicture = performance.now();
    for (const [canvas, repaint] of repaints) {
      const name = CHARTS[canvases.indexOf(canvas)];
      if (!name) continue;
      probe.painted[name] += 1;
      if (name === "boundary") lookAtField(repaint);
    }
    repaints.clear();
    requestAnimationFrame(look);
  }
  requestAnimationFrame(look);

  let lastField = null;

  function lookAtField({ context, fills, field }) {
    if (!field) probe.withoutField += 1;
    else if (field.src !== lastField?.src) probe.fields += 1;
    lastField = field ?? lastField;
    if (lastField && isBlank(context, lastField)) probe.blankPixels += 1;
    if (field && fills >= probe.points) probe.usefulPicture ??= performance.now();
  }

  function isBlank(context, { origin, width, height }) {
    const pixel = (x, y) => context.getImageData(x, y, 1, 1).data;
    const background = pixel(0, 0).join();
    return FIELD_PIXELS.some(([right, down]) => {
      const colour = pixel(origin.x + right * width * devicePixelRatio, origin.y + down * height * devicePixelRatio);
      return colour[3] === 0 || colour.join() === background;
    });
  }

  // --- elements ---------------------------------------------------------------------

  const number = (i) => document.querySelectorAll(".st-key-numbers [data-testid=stMetricValue]")[i]?.textContent;
  const label = () => document.querySelector("[class*=train_pause]")?.textContent;
  const canvasesIn = (nodes) => [...nodes].reduce(
    (sum, node) => sum + (node.nodeName === "CANVAS") + (node.querySelectorAll?.("canvas").length ?? 0), 0);

  const seen = { epoch: undefined, update: undefined, label: undefined };

  function changed(name, value) {
    const differs = value !== undefined && value !== seen[name];
    if (differs) seen[name] = value;
    return differs;
  }

  new MutationObserver((records) => {
    for (const { addedNodes, removedNodes } of records) {
      probe.canvasesAdded += canvasesIn(addedNodes);
      probe.canvasesRemoved += canvasesIn(removedNodes);
    }
    const now = performance.now();
    if (changed("epoch", number(0))) probe.epochs += 1;
    if (changed("label", label()) && probe.click) probe.click.label ??= now;
    if (changed("update", number(1))) {
      probe.update = Number(seen.update.replaceAll(",", ""));
      if (probe.click) {
        probe.click.firstUpdate ??= now;
        probe.click.lastUpdate = now;
      }
    }
  }).observe(document, { childList: true, subtree: true, characterData: true });

  // A click's own time is when the mouse button came up, before the page found time for it.
  document.addEventListener("click", (event) => { probe.click = { at: event.timeStamp }; }, true);
})();
