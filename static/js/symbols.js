/* The few icons that scripts draw; the pages' own come from the server. Shapes on a 24-unit grid. */

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  back: "m15 18-6-6 6-6",
  on: "m9 18 6-6-6-6",
  alert: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20M12 8v4M12 16h.01",
};

/** An <svg> like the server's icon(): drawn in the colour of the text, passed over by readers. */
export function symbol(name, className = "i") {
  const svg = document.createElementNS(SVG, "svg");
  const path = svg.appendChild(document.createElementNS(SVG, "path"));
  path.setAttribute("d", SHAPES[name]);
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["class", className], ["aria-hidden", "true"]]) {
    svg.setAttribute(key, value);
  }
  return svg;
}
