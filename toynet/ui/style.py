"""The little CSS that Streamlit's own settings do not reach, and the pictures that stand for ToyNet."""

from pathlib import Path

ICON = str(Path(__file__).parent / "icon.svg")
LOGO = str(Path(__file__).parent / "logo.svg")

CSS = """
<style>
.stMainBlockContainer { padding: 3rem 2rem 1rem 2rem; }
.stSidebar [data-testid="stVerticalBlock"] { gap: 0.6rem; }
/* A chart's own buttons, inside it: above it they would slip under the numbers. */
.stMain [data-testid="stElementToolbar"] { top: 0; }

/* The numbers stay in view while the page scrolls under them. */
div:has(> .st-key-numbers) { position: sticky; top: 3.6rem; z-index: 1; }
.st-key-numbers { background: light-dark(#ffffff, #16181d); padding: 0.3rem 0; }
.st-key-numbers [data-testid="stMetricValue"] { font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.st-key-numbers [data-testid="stMetricLabel"] { font-size: 0.8rem; }
@media (max-width: 640px) {
  .st-key-numbers [data-testid="stMetricValue"] { font-size: 1.1rem; }
  .st-key-numbers { gap: 0.2rem; }
}

/* Pictures side by side only where both have room. */
.st-key-pictures [data-testid="stColumn"] { min-width: min(400px, 100%); }
</style>
"""
