/** Shares of traffic while somebody moves a slider. */

export function sumOf(split: Record<string, number>): number {
  return Object.values(split).reduce((sum, percent) => sum + percent, 0);
}

/**
 * Gives one deployment this share and the others the rest, in the proportions they have, as whole percents that sum to
 * 100. Where the others have nothing, the first of them takes the rest.
 */
export function withShare(split: Record<string, number>, name: string, percent: number): Record<string, number> {
  const others = Object.keys(split).filter((other) => other !== name);
  if (others.length === 0) return { [name]: 100 };
  const rest = 100 - percent;
  const before = others.reduce((sum, other) => sum + (split[other] ?? 0), 0);
  const exact = others.map((other, index) => (before === 0 ? (index === 0 ? rest : 0) : (rest * (split[other] ?? 0)) / before));
  const whole = exact.map(Math.floor);
  let left = rest - whole.reduce((sum, each) => sum + each, 0);
  const byRemainder = exact.map((value, index) => ({ index, remainder: value - Math.floor(value) })).sort((a, b) => b.remainder - a.remainder);
  for (const { index } of byRemainder) {
    if (left <= 0) break;
    whole[index] = (whole[index] ?? 0) + 1;
    left -= 1;
  }
  const shared = Object.fromEntries(others.map((other, index) => [other, whole[index] ?? 0]));
  return Object.fromEntries(Object.keys(split).map((each) => [each, each === name ? percent : (shared[each] ?? 0)]));
}
