"""The little CSS that Streamlit's own settings do not reach, and the pictures that stand for ToyNet."""

from pathlib import Path

from toynet.charts.palette import GREY, RIGHT, WRONG

ICON = str(Path(__file__).parent / "icon.svg")
LOGO = str(Path(__file__).parent / "logo.svg")

NARROW = 768
"""Width in pixels up to which Streamlit lays the sidebar over the page, and moves the pages' links into it."""

CLOSE_SIDEBAR = """
<script>
{
  const opened = new URL(performance.getEntriesByType("navigation")[0].name).pathname.split("/").pop();
  const before = window.toynetPage ?? opened;
  window.toynetPage = "PAGE";
  if (before !== window.toynetPage && innerWidth <= NARROW)
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
</script>
""".replace("NARROW", str(NARROW))
"""Closes the sidebar when another PAGE is shown than before. Streamlit does that on phones, and not in narrow windows.

No listener to clicks, which would miss those before it is there.
"""

CSS = (
    """
<style>
.stMainBlockContainer { padding: 4.2rem 2rem 1rem 2rem; }
.stSidebar [data-testid="stVerticalBlock"] { gap: 0.6rem; }
.stSidebar [data-testid="stFileUploaderDropzone"] { padding: 0.3rem 0.5rem; }
/* In narrow windows the pages' links stand in the header, unless the sidebar, with links of its own, lies over it. */
.st-key-ruler { display: none; }
div:has(> .st-key-pages) { display: none; }
@media (max-width: NARROWpx) {
  .stApp:has([data-testid="stSidebar"][data-collapsed="true"]) div:has(> .st-key-pages) { display: block;
    position: fixed; top: 0.95rem; left: 6.8rem; width: auto; z-index: 999991; }
  .st-key-pages { gap: 0.3rem; width: auto; }
  [data-testid="stSidebar"][data-collapsed="true"] [data-testid="stSidebarNav"] { visibility: hidden; }
}

/* Why the browser refuses a file: Streamlit tells it to screen readers and on hovering only. */
.stFileChip:has([role="alert"]) { flex-wrap: wrap; height: auto; padding-bottom: 0.3rem; }
.stFileChip [role="alert"] { position: static; width: 100%; height: auto; margin: 0; clip: auto; clip-path: none;
  overflow: visible; white-space: normal; font-size: 0.85rem; }
/* A chart's own buttons, inside its plot: above it they would cover numbers, the chart's or the page's. */
.stMain [data-testid="stElementToolbar"] { translate: 0 4.8rem; }
.stMain .stDataFrame [data-testid="stElementToolbar"] { translate: 0 0; }

/* The numbers stay in view while the page, with the charts' buttons, scrolls under them, and so do the page's own
   buttons where they take one row. */
div:has(> .st-key-numbers) { position: sticky; top: 3.6rem; z-index: 101; }
.st-key-numbers, .st-key-transport { background: light-dark(#ffffff, #16181d); padding: 0.3rem 0; }
@media (min-width: 1340px) and (min-height: 700px) {
  div:has(> .st-key-transport) { position: sticky; top: 3.6rem; z-index: 101; }
  .st-key-transport { padding-bottom: 0.7rem; }
  div:has(> .st-key-numbers) { top: 8rem; }
}
.numbers { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 0.3rem 0.4rem; }
.numbers [data-testid="stMetric"] { width: 6.9rem; }
.numbers [data-testid="stMetricLabel"] { font-size: 0.8rem; line-height: 1.3; }
.numbers [data-testid="stMetricValue"] { font-size: 1.3rem; line-height: 1.3; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.numbers .progress { flex: 1 1 16rem; font-size: 0.85rem; line-height: 1.2; }
.numbers .bar { height: 0.5rem; margin-top: 0.25rem; border-radius: 0.25rem; background: GREY40; overflow: hidden; }
.numbers .bar div { height: 100%; background: light-dark(#0877bd, #4aa8e0); }
.numbers .right { color: RIGHT; }
.numbers .wrong { color: WRONG; font-weight: 600; }
.numbers .unknown { color: GREY; }
@media (max-width: 640px) {
  .numbers [data-testid="stMetric"] { width: 5.6rem; }
  .numbers [data-testid="stMetricValue"] { font-size: 1.1rem; }
}

/* The luck of a run: a dot for each seed. */
.numbers:has(.luck) [data-testid="stMetric"] { width: 6.1rem; }
.luck { flex: 0 1 11.5rem; font-size: 0.8rem; line-height: 1.2; }
.luck .strip { position: relative; height: 1rem; margin: 0.15rem 0.35rem 0; border-bottom: 1px solid GREY; }
.luck .strip i { position: absolute; bottom: 0.05rem; width: 0.65rem; height: 0.65rem; margin-left: -0.325rem;
  border-radius: 50%; background: #7b4ab8; opacity: 0.45; }
.luck .strip i.own { opacity: 1; background: light-dark(#111827, #ffffff); }
.luck .ends { display: flex; justify-content: space-between; font-size: 0.7rem; color: GREY; }

/* The table of a race. */
.standing { font-size: 0.85rem; }
.standing table { border-collapse: collapse; margin: 0.2rem 0; width: 100%; }
.standing th, .standing td { border: 0; border-bottom: 1px solid GREY55; padding: 0.15rem 0.5rem; text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.standing th { font-weight: 400; color: GREY; }
.standing td:nth-child(-n+2) { text-align: left; }
.st-key-standing { overflow-x: auto; }
.st-key-toynet_chance { margin-bottom: 1.2rem; }
.st-key-welcome { margin: -0.5rem 0; }
.st-key-welcome > div:first-child { flex: 1 1 20rem; }

.behind { font-size: 0.8rem; color: GREY; padding-left: 4rem; line-height: 1.4; }
.stPopoverBody [data-testid="stColumn"] { min-width: 0; }
.behind span { white-space: nowrap; margin-right: 0.5rem; }

/* The row that rewinds: as low as its buttons, close to the pictures that it moves. */
.st-key-rewind { margin: -1rem 0; padding-right: 0.5rem; }
.st-key-rewind [data-testid="stSlider"] { padding-top: 0.2rem; }
.st-key-rewind [data-testid="stSliderTickBar"] { display: none; }

/* What can be undone: over the page like a toast, so that nothing moves when it comes or goes. */
div:has(> :is(.st-key-undo, .st-key-undo_delete)) { position: fixed; bottom: 1.2rem; right: 1.2rem; z-index: 102;
  width: auto; max-width: 90vw; }
.st-key-undo, .st-key-undo_delete { width: auto; gap: 1rem; padding: 0.6rem 1rem; border-radius: 0.5rem;
  border: 1px solid GREY; background: light-dark(#ffffff, #16181d); box-shadow: 0 4px 16px #0004; }

/* What shows nothing leaves no gap. */
div:has(> .st-key-script), div:has(> :is(.st-key-messages, .st-key-stuck, .st-key-fold):empty) { display: none; }

/* Pictures side by side only where both have room. */
.stMain [data-testid="stColumn"] { min-width: min(290px, 100%); }

/* Quantities close to each other. */
[class*="st-key-quantity_"] { padding: 0.4rem 0.9rem; }

/* The strip of names: of one size, and apart where they have no badge. */
.st-key-overview p { line-height: 2; }
.st-key-overview .katex { font-size: 1rem; margin: 0 0.12rem; }

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

/* Formulas and the check's table fit the narrowest windows. */
@media (max-width: 480px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
  .stMarkdown .katex { font-size: 1em; }
  .checks th, .checks td { padding: 0.25rem 0.3rem; font-size: 0.85rem; }
}

/* Matrices in one bracket. Large ones scroll inside their box, and the numbers of rows and columns stay in view. */
.matrix-box { overflow: auto; max-width: 100%; max-height: 24rem; margin: 0.1rem 0; }
.matrix { border-collapse: separate; border-spacing: 2px; border: 0; width: auto; margin: 0; }
.matrix td, .matrix th { border: 0; padding: 0.1rem 0.3rem; text-align: right; line-height: 1.3; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.matrix td { font-size: 0.85rem; border-radius: 3px; }
.matrix th { font-size: 0.7rem; font-weight: 400; color: GREY; background: light-dark(#ffffff, #16181d);
  position: sticky; left: 0; z-index: 1; }
.matrix th:empty { padding: 0; }
.matrix tr:has(th:nth-child(2)) th { top: 0; left: auto; z-index: 2; vertical-align: bottom; }
.matrix tr:has(th:nth-child(2)) th:first-child { left: 0; z-index: 3; }
.matrix td.open, .matrix td.close { border: 2px solid GREY; padding: 0; min-width: 5px; }
.matrix td.open { border-right: 0; border-radius: 6px 0 0 6px; }
.matrix td.close { border-left: 0; border-radius: 0 6px 6px 0; }
.matrix td.right { outline: 2px solid RIGHT; }
.matrix td.wrong { outline: 2px solid WRONG; }
.matrix-note { font-size: 0.75rem; color: GREY; }
.matrix-cards { display: flex; flex-wrap: wrap; gap: 0.5rem 1.1rem; align-items: flex-start; }
.matrix-card { max-width: 100%; min-width: 0; }
.matrix-card .matrix-box { max-height: 13rem; }
.matrix-name { font-size: 0.9rem; font-weight: 600; }
.matrix-asked { font-size: 1.6rem; font-weight: 700; padding: 0 0.8rem;
  border: 2px dashed GREY; border-radius: 6px; }
</style>
""".replace("NARROW", str(NARROW))
    .replace("GREY", GREY)
    .replace("RIGHT", RIGHT)
    .replace("WRONG", WRONG)
)
