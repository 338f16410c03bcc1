/** How charts are drawn; one setting for all of them, remembered in this browser. */
import type { XAxis } from './series';

export interface ChartSettings {
  axis: XAxis;
  log: boolean;
  smoothing: number;
}

const KEY = 'fettle.charts';
const DEFAULTS: ChartSettings = { axis: 'step', log: false, smoothing: 0 };

export const chartSettings: ChartSettings = $state(stored());

export function rememberChartSettings(): void {
  localStorage.setItem(KEY, JSON.stringify(chartSettings));
}

function stored(): ChartSettings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<ChartSettings>) };
  } catch {
    return { ...DEFAULTS };
  }
}
