"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const VISIBLE = 0.9; // of a curve's epochs; the first ones and single spikes may leave the plot
  const DASHES = ["", "7 4", "2 3", "10 3 2 3"];
  const MARGIN = { left: 48, right: 12, top: 10, bottom: 40 };

  const make = (tag, attributes = {}, text = "") => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  };
  const draw = (parent, tag, attributes = {}, text = "") => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text) node.textContent = text;
    parent.append(node);
    return node;
  };
  const announce = (text) => { document.querySelector(".announce").textContent = text; };

  // Light and dark.
  const theme = document.querySelector(".theme");
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (systemDark.matches ? "dark" : "light")) === "dark";
  const showTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.hidden = false;
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  systemDark.addEventListener("change", showTheme);
  showTheme();

  // Sortable tables: within each part, numbers before texts, empty cells last.
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const number = Number(text);
    return text !== "" && Number.isFinite(number) ? number : text;
  };
  const before = (one, other) => {
    if (typeof one === typeof other) return typeof one === "number" ? one - other : one.localeCompare(other);
    return typeof one === "number" ? -1 : 1;
  };
  const sortBy = (table, column, descending) => {
    for (const body of table.tBodies) {
      const fixed = [...body.rows].filter((row) => row.classList.contains("divider"));
      const rows = [...body.rows].filter((row) => !row.classList.contains("divider"));
      const empty = (row) => ["", "–"].includes(row.cells[column].textContent.trim());
      const sign = descending ? -1 : 1;
      rows.sort((one, other) => empty(one) - empty(other) || sign * before(keyOf(one, column), keyOf(other, column)));
      body.append(...fixed, ...rows);
    }
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const descending = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sortBy(table, column, descending);
        announce(`Sorted by ${button.textContent}, ${descending ? "descending" : "ascending"}`);
      });
    });
  }

  // Curves.
  const quantile = (values, share) => {
    const sorted = [...values].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
  };
  const knownOf = ({ mean, low, high }) => mean.map((value, at) => [at + 1, value, low[at], high[at]])
    .filter(([, value]) => value !== null);
  const limitsOf = (curves, isLoss) => {
    const lows = [], highs = [];
    for (const curve of curves) {
      const known = knownOf(curve);
      if (!known.length) continue;
      const below = known.map(([, value, lowest]) => Math.min(value, lowest));
      const above = known.map(([, value, , highest]) => Math.max(value, highest));
      lows.push(isLoss ? Math.min(...below) : quantile(below, 1 - VISIBLE));
      highs.push(isLoss ? quantile(above, VISIBLE) : Math.max(...above));
    }
    if (!lows.length) return [0, 1];
    const low = Math.min(...lows), high = Math.max(...highs), room = 0.05 * (high - low) || 0.05;
    return [Math.max(0, low - room), isLoss ? high + room : Math.min(100, high + room)];
  };
  const ticksOf = (low, high, most, finest = 0) => {
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(finest, [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough));
    const ticks = [];
    for (let number = Math.ceil(low / step); number * step <= high; number += 1) ticks.push(number * step);
    return ticks.map((value) => [value, value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))]);
  };
  let count = 0;

  const setUp = (figure) => {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const plot = figure.querySelector(".plot");
    const state = { metric: data.metrics[0], shown: data.arms.map((arm) => !arm.off), spread: true };
    const number = (count += 1);
    const colourOf = (place) => `var(--c${place % 8})`;
    const redraws = [];

    const group = (label, buttons) => {
      const box = make("div", { class: "controls", role: "group", "aria-label": label });
      box.append(...buttons);
      plot.append(box);
    };
    const toggle = (label, pressed, act, attributes = {}) => {
      const button = make("button", { type: "button", ...attributes }, label);
      const show = () => button.setAttribute("aria-pressed", String(pressed()));
      redraws.push(show);
      show();
      button.addEventListener("click", () => { act(); redraw(); });
      return button;
    };
    group("Metric", data.metrics.map((metric) =>
      toggle(metric.title, () => state.metric === metric, () => { state.metric = metric; }, { "data-metric": metric.key })));
    const svg = draw(plot, "svg", { role: "img", width: "100%", height: 320, "aria-labelledby": `t${number} d${number}` });
    const readout = make("output", { class: "readout" });
    plot.append(readout);
    const arms = data.arms.map((arm, place) => {
      const button = toggle(arm.name, () => state.shown[place], () => { state.shown[place] = !state.shown[place]; }, { "data-arm": place });
      const swatch = make("i", { "aria-hidden": "true" });
      button.style.setProperty("--mine", colourOf(place));
      swatch.style.borderTopStyle = place < 8 ? "solid" : "dashed";
      button.prepend(swatch);
      return button;
    });
    const spread = toggle("middle two thirds of the seeds", () => state.spread, () => { state.spread = !state.spread; }, { class: "spread" });
    group("Arms", [...arms, spread]);
    if (data.arms.some((arm) => arm.off)) {
      plot.append(make("p", { class: "quiet" }, "Arms that are off at first lie so far away that they would flatten the others."));
    }

    const visible = () => data.arms.map((arm, place) => ({ arm, place, curve: arm[state.metric.key] }))
      .filter(({ place, curve }) => state.shown[place] && curve);
    const redraw = () => {
      redraws.forEach((show) => show());
      const width = Math.max(240, plot.clientWidth), height = Math.round(Math.min(360, Math.max(260, width * 0.45)));
      const curves = visible(), isLoss = state.metric.key.endsWith("loss");
      const [low, high] = limitsOf(curves.map(({ curve }) => curve), isLoss);
      const last = Math.max(2, ...curves.map(({ curve }) => curve.mean.length));
      const x = (epoch) => MARGIN.left + ((epoch - 1) / (last - 1)) * (width - MARGIN.left - MARGIN.right);
      const y = (value) => MARGIN.top + ((high - value) / (high - low)) * (height - MARGIN.top - MARGIN.bottom);
      svg.replaceChildren();
      svg.setAttribute("height", height);
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      draw(svg, "title", { id: `t${number}` }, `${state.metric.title} by epoch, ${figure.dataset.title}`);
      const told = curves.map(({ arm, curve }) => `${arm.name} ends at ${curve.mean.at(-1) ?? "no number"}`);
      draw(svg, "desc", { id: `d${number}` }, told.length ? `${told.join("; ")}. The same in the table below.` : "No arm is shown.");
      const inside = draw(draw(svg, "defs"), "clipPath", { id: `clip${number}` });
      draw(inside, "rect", { x: MARGIN.left, y: 0, width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.bottom });
      for (const [value, text] of ticksOf(low, high, 5)) {
        draw(svg, "line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) });
        draw(svg, "text", { class: "tick", x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, text);
      }
      for (const [epoch, text] of ticksOf(1, last, 6, 1)) {
        draw(svg, "text", { class: "tick", x: x(epoch), y: height - MARGIN.bottom + 18, "text-anchor": "middle" }, text);
      }
      draw(svg, "text", { class: "axis", x: width - MARGIN.right, y: height - 4, "text-anchor": "end" },
        `epoch  ·  ${state.metric.title.toLowerCase()}${isLoss ? ", nats" : ", %"}`);
      const layer = draw(svg, "g", { "clip-path": `url(#clip${number})` });
      for (const { place, curve } of curves) {
        const known = knownOf(curve);
        if (!known.length) continue;
        const path = (points) => points.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
        if (state.spread) {
          const upper = known.map(([epoch, , , highest]) => [epoch, highest]);
          const lower = known.map(([epoch, , lowest]) => [epoch, lowest]).reverse();
          draw(layer, "polygon", { class: "band", points: path([...upper, ...lower]), style: `fill:${colourOf(place)}` });
        }
        draw(layer, "polyline", {
          class: "curve-line", points: path(known), style: `stroke:${colourOf(place)}`,
          "stroke-dasharray": DASHES[Math.floor(place / 8) % DASHES.length],
        });
      }
      svg.onpointermove = (event) => {
        const box = svg.getBoundingClientRect();
        const share = ((event.clientX - box.left) * (width / box.width) - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
        const epoch = Math.round(1 + Math.min(1, Math.max(0, share)) * (last - 1));
        const texts = curves.map(({ arm, curve }) => {
          const value = curve.mean[epoch - 1];
          return `${arm.name} ${value === null || value === undefined ? "–" : value.toFixed(state.metric.digits)}`;
        });
        readout.textContent = `Epoch ${epoch}: ${texts.join(" · ")}`;
      };
      svg.onpointerleave = () => { readout.textContent = ""; };
    };
    plot.hidden = false;
    figure.querySelector("details.numbers").open = false;
    redraw();
    let drawn = plot.clientWidth;
    new ResizeObserver(() => {
      if (plot.clientWidth !== drawn) { drawn = plot.clientWidth; redraw(); }
    }).observe(plot);
    addEventListener("beforeprint", redraw);
  };
  document.querySelectorAll(".curves").forEach(setUp);

  // A link into a closed part opens it; paper shows what is short enough for it.
  const openTarget = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", openTarget);
  openTarget();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open]):not(.bulk):not(.numbers):not(.arm)")];
    opened.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
})();
