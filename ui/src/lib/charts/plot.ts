/** Options for one uPlot chart: axes in the page's colours, a cursor that snaps, a range that is dragged. */
import uPlot from 'uplot';
import { formatDuration, formatNumber } from '../format';
import type { XAxis, Y } from './series';

export interface PlotLine {
  color: string;
  faint: boolean;
}

export interface PlotSetup {
  width: number;
  height: number;
  axis: XAxis;
  log: boolean;
  lines: PlotLine[];
  /** The point each line is read at, or nothing when the pointer has left. */
  onread: (indexes: (number | null | undefined)[], left: number) => void;
  onselect: (from: number, to: number) => void;
}

const SYNC_KEY = 'metrics';
const SELECTED_MIN_PX = 6;

export function plotOptions(setup: PlotSetup): uPlot.Options {
  // The charts of a page move their cursors and ranges together; only the one the pointer is in speaks for them.
  let pressed = false;
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color('--ink-faint'),
    font: `11px ${color('--font')}`,
    grid: { stroke: color('--grid'), width: 1 },
    ticks: { stroke: color('--line'), width: 1, size: 4 },
  };
  return {
    width: setup.width,
    height: setup.height,
    legend: { show: false },
    padding: [10, 20, 0, 0],
    cursor: {
      sync: { key: SYNC_KEY, setSeries: false },
      // The step axis asks the server for the points of the range; time axes only look closer.
      y: false,
      drag: { x: true, y: false, setScale: setup.axis !== 'step' },
      dataIdx: (self, series, index) => nearestPoint(self.data[series] as Y[], index),
      points: { size: 7 },
    },
    scales: {
      x: { time: setup.axis === 'time' },
      y: { distr: setup.log ? 3 : 1, range: setup.log ? logRange : paddedRange },
    },
    axes: [
      { ...axis, gap: 4, ...xAxis(setup.axis) },
      { ...axis, size: 54, gap: 4, values: (_, values) => values.map((value) => (value === null ? '' : formatNumber(value))) },
    ],
    series: [
      {},
      ...setup.lines.map(({ color: stroke, faint }) => ({
        stroke,
        width: faint ? 1 : 1.75,
        alpha: faint ? 0.28 : 1,
        points: { show: false },
      })),
    ],
    hooks: {
      ready: [(self) => self.over.addEventListener('mousedown', () => (pressed = true))],
      setCursor: [
        (self) => {
          const left = self.cursor.left ?? -1;
          setup.onread(left < 0 || !self.over.matches(':hover') ? [] : (self.cursor.idxs ?? []), left);
        },
      ],
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (pressed && width >= SELECTED_MIN_PX) setup.onselect(self.posToVal(left, 'x'), self.posToVal(left + width, 'x'));
          pressed = false;
          if (width === 0) return;
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** Seconds between two marks that read well as a duration. */
const ELAPSED_STEPS = [0.001, 0.01, 0.1, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800, 2_592_000];

function xAxis(axis: XAxis): Partial<uPlot.Axis> {
  if (axis === 'time') return { size: 40 };
  if (axis === 'step') return { size: 26 };
  const write = (_: uPlot, seconds: number[]) => seconds.map((value) => (value === 0 ? '0' : formatDuration(value * 1000)));
  return { size: 26, space: 70, incrs: ELAPSED_STEPS, values: write };
}

/** A flat curve gets room above and below in place of an axis of one value. */
function paddedRange(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  const room = max > min ? (max - min) * 0.06 : Math.abs(max) * 0.1 || 1;
  return [min - room, max + room];
}

/** Room around the data, not whole decades. */
function logRange(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  return min === null || max === null ? [1, 10] : [min / 1.2, max * 1.2];
}

/** Lines have points at different places; the cursor reads each one where it has a value. */
function nearestPoint(values: Y[], index: number): number {
  for (let away = 0; away < values.length; away++) {
    if (isPoint(values[index - away])) return index - away;
    if (isPoint(values[index + away])) return index + away;
  }
  return index;
}

const isPoint = (value: Y): boolean => value !== null && value !== undefined;
