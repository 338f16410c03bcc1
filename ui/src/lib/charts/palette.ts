/** Ten hues that stay apart on a light and a dark ground; the accent comes first. */
const COLORS = ['#e0622b', '#3f86c9', '#3f9f70', '#9470d8', '#c8962a', '#2aa0a3', '#d4587f', '#7b8796', '#8c9b33', '#b0704c'];

export function colorAt(index: number): string {
  return COLORS[index % COLORS.length]!;
}
