/** How numbers, times and sizes are written everywhere on the page. */
import type { WireNumber } from './api/types';

/** The wire writes NaN and the infinities as strings, and stores infinity as the greatest double. */
export function toNumber(value: WireNumber): number {
  const number = typeof value === 'number' ? value : Number(value);
  if (number >= Number.MAX_VALUE) return Infinity;
  if (number <= -Number.MAX_VALUE) return -Infinity;
  return number;
}

/** At most five significant digits, without an exponent where a person would not use one. */
export function formatNumber(value: WireNumber | undefined): string {
  if (value === undefined) return '';
  const number = toNumber(value);
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number > 0 ? '∞' : '−∞';
  if (number === 0) return '0';
  const size = Math.abs(number);
  if (Number.isInteger(number) && size < 1e9) return sign(number.toLocaleString('en-US'));
  if (size >= 1e7 || size < 1e-4) return sign(number.toExponential(3).replace(/\.?0+e/, 'e').replace('e+', 'e'));
  return sign(String(Number(number.toPrecision(5))));
}

/** Every digit, for tooltips and copying. */
export function exactNumber(value: WireNumber | undefined): string {
  return value === undefined ? '' : sign(String(toNumber(value)));
}

const sign = (text: string): string => text.replace('-', '−').replace('e-', 'e−');

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units at most: `1.2 s`, `3 min 20 s`, `5 h 10 min`, `2 d 3 h`. */
export function formatDuration(milliseconds: number | undefined): string {
  if (milliseconds === undefined || Number.isNaN(milliseconds) || milliseconds < 0) return '';
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 10 * SECOND) return `${(milliseconds / SECOND).toFixed(1)} s`;
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)} s`;
  const [big, bigName, small, smallName] =
    milliseconds < HOUR
      ? [MINUTE, 'min', SECOND, 's']
      : milliseconds < DAY
        ? [HOUR, 'h', MINUTE, 'min']
        : [DAY, 'd', HOUR, 'h'];
  const rest = Math.floor((milliseconds % big) / small);
  return `${Math.floor(milliseconds / big)} ${bigName}${rest ? ` ${rest} ${smallName}` : ''}`;
}

export function runDuration(start: number | undefined, end: number | undefined, now: number): number | undefined {
  return start === undefined ? undefined : (end || now) - start;
}

/** `just now`, `5 min ago`, `3 h ago`, `yesterday`, and dates beyond a month. */
export function formatAgo(time: number | undefined, now: number): string {
  if (!time) return '';
  const age = now - time;
  if (age < 45 * SECOND) return 'just now';
  if (age < 90 * MINUTE) return `${Math.max(1, Math.round(age / MINUTE))} min ago`;
  if (age < 36 * HOUR) return `${Math.round(age / HOUR)} h ago`;
  if (age < 30 * DAY) return `${Math.round(age / DAY)} days ago`;
  return new Date(time).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
}

export function formatTime(time: number | string | undefined): string {
  if (!time) return '';
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '';
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : many}`;
}
