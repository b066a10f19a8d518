"""Batches: how near a mini-batch's or a single sample's gradient comes to the full one."""

import numpy as np
import streamlit as st

from toynet.charts.explaining import MODES, cosine_chart, norm_ratio_chart
from toynet.derivation.batch_gradients import compare


def section(moment):
    """Draw the distributions of cosine and length, and their medians in words."""
    spreads = compare(*moment.everything, batch_size=moment.config.batch_size, **moment.of_cost)
    st.markdown(
        "At the present parameters, gradients of many batches against that of all training samples. A cosine of 1 "
        "means that both point the same way; below 0 the batch's update makes the cost of all samples larger. "
        "A length of 2 means a step twice as long as the full gradient's."
        + (" The penalty's λ W1 and λ W2 are in every one of them, as in every update." if moment.form.has_l2 else "")
    )
    known = {mode: s for mode, s in spreads.items() if np.isfinite(s.cosine).any()}
    if not known:
        st.info("The full gradient is zero or no longer finite here: there is no direction to compare with.")
        return
    for mode, spread in known.items():
        uphill = np.mean(spread.cosine[np.isfinite(spread.cosine)] < 0)
        samples = "1 sample" if spread.size == 1 else f"{spread.size} samples"
        st.markdown(
            f"- {MODES[mode]} ({samples}): median cosine **{np.nanmedian(spread.cosine):.2f}**, median length "
            f"**{np.nanmedian(spread.norm_ratio):.2f}**; {uphill:.0%} of them point uphill."
        )
    left, right = st.columns(2)
    left.altair_chart(cosine_chart(spreads), width="stretch")
    right.altair_chart(norm_ratio_chart(spreads), width="stretch")
