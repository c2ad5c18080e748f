"use strict";

// Sorting: a click on a heading sorts by its column, a second click reverses the order. Lines
// without a value stay last.
function sortBy(heading) {
  const table = heading.closest("table");
  const ascending = heading.getAttribute("aria-sort") !== "ascending";
  const valueOf = (line) => line.cells[heading.cellIndex].dataset.value;
  const compare = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const order = isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
    return ascending ? order : -order;
  };
  const lines = [...table.tBodies[0].rows];
  lines.sort((a, b) => compare(valueOf(a), valueOf(b)));
  table.tBodies[0].append(...lines);
  for (const other of table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
}

for (const heading of document.querySelectorAll(".sortable th[aria-sort]")) {
  heading.querySelector("button").addEventListener("click", () => sortBy(heading));
}

// Charts: the specifications contain no text and background colours; the page sets them here.
const { charts, rows } = JSON.parse(document.getElementById("data").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");

function style() {
  const page = getComputedStyle(document.documentElement);
  const [ink, faint, line, card] = ["--ink", "--faint", "--line", "--card"].map((name) =>
    page.getPropertyValue(name).trim(),
  );
  return {
    background: "transparent",
    padding: { left: 0, top: 4, right: 14, bottom: 6 },
    font: getComputedStyle(document.body).fontFamily,
    view: { stroke: null },
    axis: {
      labelColor: faint, titleColor: faint, titleFontWeight: "normal", gridColor: line,
      domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12,
    },
    legend: { orient: "top", labelColor: ink, labelFontSize: 12, columns: 3, offset: 8,
              layout: { top: { direction: "vertical", anchor: "start" } } },
    rule: { color: ink },
    bar: { stroke: card },
    point: { color: ink },
  };
}

let drawn = [];

async function draw() {
  for (const chart of drawn) chart.finalize();
  drawn = [];
  const options = { mode: "vega-lite", renderer: "svg", actions: false, config: style(),
                    tooltip: { theme: dark.matches ? "dark" : "light" } };
  for (const place of document.querySelectorAll("[data-chart]")) {
    const spec = { ...charts[place.dataset.chart], width: "container",
                   datasets: rows[place.dataset.row] };
    drawn.push(await vegaEmbed(place, spec, options));
  }
  document.documentElement.dataset.drawn = drawn.length;
}

if (rows.length) {
  dark.addEventListener("change", draw);
  draw();
}
