/** A number for people: three decimals below ten, two above, none that say nothing. */
export function showNumber(value: number): string {
  const scale = Math.abs(value) < 10 ? 1000 : 100;
  return String(Math.round(value * scale) / scale);
}

/** A share for people: 0.45 is `45%`. */
export function showShare(value: number): string {
  return `${showNumber(value * 100)}%`;
}

/** `1 process`, `3 processes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
