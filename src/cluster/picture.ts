/**
 * The address plan as a picture (SVG 1.1): a map of each subnet, 64 addresses to a row.
 *
 * ```
 * 10.0.0.0    ▒▒▒▒███████████████████████████████▓██████████   ▒ Azure's own  ▓ a node's own  █ its pods
 *             10.0.0.128-10.0.15.191: 3,904 free               rows with nothing in them are one line
 * ```
 */
import { type Cidr, cidrSize, formatCidr } from '../net/cidr.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import { shifted } from './addresses.ts';
import { legendOf, type Run, runsOf } from './picture-runs.ts';
import type { AddressPlan, SubnetPlan } from './plan.ts';
import { formatRange } from './plan-document.ts';
import { grouped, summaryOf } from './summary.ts';

/** Lengths are pixels. */
const ROW_ADDRESSES = 64;
const CELL = 11;
const ROW = 15;
const LINE = 20;
const MARGIN = 20;
const LABELS = 100;
const WIDTH = LABELS + ROW_ADDRESSES * CELL + 2 * MARGIN;
/** About the width of a character at the size of the text. */
const CHARACTER = 6.4;

/** Deterministic, as the plan is. */
export function planPicture(plan: AddressPlan): string {
  const title = `Addresses of cluster ${plan.clusterId}, VNet ${formatCidr(plan.vnetCidr)}`;
  const canvas = new Canvas();
  canvas.text(title, 'class="title"');
  canvas.down(LINE);
  drawLegend(canvas, plan);
  for (const subnet of plan.subnets) {
    canvas.down(LINE / 2);
    drawSubnet(canvas, plan, subnet);
  }
  return canvas.svg(title);
}

/** Things are drawn at the current height, which only grows. */
class Canvas {
  #y = MARGIN;
  readonly #parts: string[] = [];

  down(height: number): void {
    this.#y += height;
  }

  text(words: string, attributes = '', x = MARGIN): void {
    this.#parts.push(
      `<text x="${x}" y="${this.#y + 10}"${attributes && ` ${attributes}`}>${escaped(words)}</text>`,
    );
  }

  rect(x: number, width: number, fill: string, label?: string): void {
    const title = label === undefined ? '' : `<title>${escaped(label)}</title>`;
    this.#parts.push(
      `<rect x="${x}" y="${this.#y}" width="${width}" height="${CELL}" fill="${fill}">${title}</rect>`,
    );
  }

  /** `title` is for who cannot see it. */
  svg(title: string): string {
    const height = this.#y + MARGIN;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="#1b1b1b" role="img">`,
      `<title>${escaped(title)}</title>`,
      '<style>.title{font-size:15px;font-weight:bold}.head{font-weight:bold}.quiet{fill:#5c5c5c}</style>',
      '<defs><pattern id="surge" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="4" height="4" fill="#ffffff"/><rect width="1.5" height="4" fill="#8a8a8a"/></pattern></defs>',
      `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
      ...this.#parts,
      '</svg>\n',
    ].join('\n');
  }
}

function drawLegend(canvas: Canvas, plan: AddressPlan): void {
  let x = MARGIN;
  for (const { label, fills } of legendOf(plan)) {
    const width = fills.length * CELL + 24 + label.length * CHARACTER;
    if (x > MARGIN && x + width > WIDTH - MARGIN) {
      x = MARGIN;
      canvas.down(LINE);
    }
    for (const [index, fill] of fills.entries()) canvas.rect(x + index * CELL, CELL, fill);
    canvas.text(label, '', x + fills.length * CELL + 5);
    x += width;
  }
  canvas.down(LINE);
}

function drawSubnet(canvas: Canvas, plan: AddressPlan, subnet: SubnetPlan): void {
  const { name, cidr } = subnet.subnet;
  canvas.text(`Subnet ${name} ${formatCidr(cidr)}`, 'class="head"');
  canvas.down(LINE);
  for (const line of summaryOf(subnet)) {
    canvas.text(line, 'class="quiet"');
    canvas.down(ROW);
  }
  canvas.down(LINE - ROW);
  const rows = rowsOf(runsOf(plan, subnet));
  let next = 0;
  for (const [row, runs] of rows) {
    drawGap(canvas, cidr, next, row);
    drawRow(canvas, cidr, row, runs);
    next = row + 1;
  }
}

/** Runs cut at the ends of rows; by row, in ascending order. */
function rowsOf(runs: readonly Run[]): Map<number, Run[]> {
  const rows = new Map<number, Run[]>();
  for (const run of runs) {
    const end = run.offset + run.length;
    for (let offset = run.offset; offset < end; ) {
      const row = Math.floor(offset / ROW_ADDRESSES);
      const length = Math.min(end, (row + 1) * ROW_ADDRESSES) - offset;
      const others = rows.get(row) ?? [];
      others.push({ ...run, offset, length });
      rows.set(row, others);
      offset += length;
    }
  }
  return rows;
}

function drawRow(canvas: Canvas, cidr: Cidr, row: number, runs: readonly Run[]): void {
  const start = row * ROW_ADDRESSES;
  canvas.text(formatIpv4(shifted(cidr.base, start)));
  const left = MARGIN + LABELS;
  canvas.rect(left, Math.min(ROW_ADDRESSES, cidrSize(cidr) - start) * CELL, '#f0f0f0');
  for (const { offset, length, fill, label } of runs) {
    canvas.rect(left + (offset - start) * CELL, length * CELL - 1, fill, label);
  }
  canvas.down(ROW);
}

/** The rows from `first` to before `end`, in which every address is free, as one line. */
function drawGap(canvas: Canvas, { base }: Cidr, first: number, end: number): void {
  if (first >= end) return;
  const start = shifted(base, first * ROW_ADDRESSES);
  const last = shifted(base, end * ROW_ADDRESSES - 1);
  const count = grouped((end - first) * ROW_ADDRESSES);
  canvas.text(`${formatRange({ first: start, last })}: ${count} free`, 'class="quiet"', MARGIN + LABELS);
  canvas.down(ROW);
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
