"""The little CSS that Streamlit's own settings do not reach, and the pictures that stand for ToyNet."""

from pathlib import Path

from toynet.charts.palette import GREY, RIGHT, WRONG

ICON = str(Path(__file__).parent / "icon.svg")
LOGO = str(Path(__file__).parent / "logo.svg")

CSS = (
    """
<style>
.stMainBlockContainer { padding: 4.2rem 2rem 1rem 2rem; }
.stSidebar [data-testid="stVerticalBlock"] { gap: 0.6rem; }
.stSidebar [data-testid="stFileUploaderDropzone"] { padding: 0.3rem 0.5rem; }
/* Why the browser refuses a file: Streamlit tells it to screen readers and on hovering only. */
.stFileChip:has([role="alert"]) { flex-wrap: wrap; height: auto; padding-bottom: 0.3rem; }
.stFileChip [role="alert"] { position: static; width: 100%; height: auto; margin: 0; clip: auto; clip-path: none;
  overflow: visible; white-space: normal; font-size: 0.85rem; }
/* A chart's own buttons, inside it: above it they would slip under the numbers. */
.stMain [data-testid="stElementToolbar"] { top: 0; }

/* The numbers stay in view while the page scrolls under them, and so do the buttons where they take one row. */
div:has(> .st-key-numbers) { position: sticky; top: 3.6rem; z-index: 1; }
.st-key-numbers, .st-key-transport { background: light-dark(#ffffff, #16181d); padding: 0.3rem 0; }
@media (min-width: 1340px) and (min-height: 700px) {
  div:has(> .st-key-transport) { position: sticky; top: 3.6rem; z-index: 1; }
  .st-key-transport { padding-bottom: 0.7rem; }
  div:has(> .st-key-numbers) { top: 8rem; }
}
.numbers { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 0.3rem 0.4rem; }
.numbers [data-testid="stMetric"] { width: 6.9rem; }
.numbers [data-testid="stMetricLabel"] { font-size: 0.8rem; line-height: 1.3; }
.numbers [data-testid="stMetricValue"] { font-size: 1.3rem; line-height: 1.3; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.numbers .progress { flex: 1 1 16rem; font-size: 0.9rem; }
.numbers .bar { height: 0.5rem; margin-top: 0.25rem; border-radius: 0.25rem; background: GREY40; overflow: hidden; }
.numbers .bar div { height: 100%; background: light-dark(#0877bd, #4aa8e0); }
.numbers .right { color: RIGHT; }
.numbers .wrong { color: WRONG; font-weight: 600; }
.numbers .unknown { color: GREY; }
@media (max-width: 640px) {
  .numbers [data-testid="stMetric"] { width: 5.6rem; }
  .numbers [data-testid="stMetricValue"] { font-size: 1.1rem; }
}
.st-key-ruler { display: none; }

/* What can be undone: over the page like a toast, so that nothing moves when it comes or goes. */
div:has(> .st-key-undo) { position: fixed; bottom: 1.2rem; right: 1.2rem; z-index: 2; width: auto; max-width: 90vw; }
.st-key-undo { width: auto; gap: 1rem; padding: 0.6rem 1rem; border-radius: 0.5rem; border: 1px solid GREY;
  background: light-dark(#ffffff, #16181d); box-shadow: 0 4px 16px #0004; }

/* What shows nothing leaves no gap. */
div:has(> .st-key-script), div:has(> :is(.st-key-messages, .st-key-stuck):empty) { display: none; }

/* Pictures side by side only where both have room. */
.stMain [data-testid="stColumn"] { min-width: min(290px, 100%); }

/* Quantities close to each other. */
[class*="st-key-quantity_"] { padding: 0.4rem 0.9rem; }

/* The texts to take away are copied in one click: the button waits for no hover. */
[data-testid="stCode"] > div:has([data-testid="stElementToolbarButton"]) { opacity: 1; visibility: visible; }

/* The gradient check: narrow enough for any window. */
.checks { border-collapse: collapse; margin: 0.2rem 0; }
.checks th, .checks td { border: 0; border-bottom: 1px solid GREY55; padding: 0.25rem 0.6rem; text-align: right;
  font-variant-numeric: tabular-nums; font-size: 0.9rem; line-height: 1.35; }
.checks th { font-weight: 400; color: GREY; }
.checks td:first-child { text-align: left; font-weight: 600; white-space: nowrap; }
.checks .right { color: RIGHT; }
.checks .wrong { color: WRONG; }
.checks .unknown { color: GREY; }

/* Small matrices, with brackets; large ones scroll inside their box. */
.matrix-box { overflow: auto; max-width: 100%; max-height: 24rem; }
.matrix th { border: 0; padding: 0.1rem 0.3rem 0.1rem 0; font-weight: 400; font-size: 0.7rem; color: GREY;
  text-align: left; white-space: nowrap; }
.matrix { border-collapse: separate; border-spacing: 2px; border: 0; width: auto; margin: 0.1rem 0;
  border-left: 2px solid GREY; border-right: 2px solid GREY; border-radius: 6px; padding: 0 2px; }
.matrix td { border: 0; padding: 0.1rem 0.3rem; text-align: right; font-size: 0.85rem; line-height: 1.3;
  font-variant-numeric: tabular-nums; border-radius: 3px; white-space: nowrap; }
.matrix td.right { outline: 2px solid RIGHT; }
.matrix td.wrong { outline: 2px solid WRONG; }
.matrix-cards { display: flex; flex-wrap: wrap; gap: 0.5rem 1.1rem; align-items: flex-start; }
.matrix-card { max-width: 100%; min-width: 0; }
.matrix-card code { font-size: 0.85rem; padding: 0; background: none; }
.matrix-asked { font-size: 1.6rem; font-weight: 700; padding: 0 0.8rem;
  border: 2px dashed GREY; border-radius: 6px; }
</style>
""".replace("GREY", GREY)
    .replace("RIGHT", RIGHT)
    .replace("WRONG", WRONG)
)
