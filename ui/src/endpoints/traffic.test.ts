import { describe, expect, it } from 'vitest';
import { sumOf, withShare } from './traffic';

describe('withShare', () => {
  it('leaves the rest to the others in their proportions', () => {
    expect(withShare({ blue: 100, green: 0 }, 'green', 10)).toEqual({ blue: 90, green: 10 });
    expect(withShare({ blue: 60, green: 30, red: 10 }, 'red', 55)).toEqual({ blue: 30, green: 15, red: 55 });
    expect(withShare({ blue: 100, green: 0 }, 'blue', 40)).toEqual({ blue: 40, green: 60 });
    expect(withShare({ blue: 100 }, 'blue', 40)).toEqual({ blue: 100 });
  });

  it('always sums to 100', () => {
    for (let percent = 0; percent <= 100; percent++) {
      for (const split of [{ a: 34, b: 33, c: 33 }, { a: 0, b: 0, c: 100 }, { a: 1, b: 98, c: 1 }]) {
        expect(sumOf(withShare(split, 'a', percent))).toBe(100);
      }
    }
  });
});
