/** `1 VM`, `4 VMs`, `2 processes`: a number with its word. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${String(number)} ${number === 1 ? one : many}`;
}

/** `web-1, web-2, web-3 and 5 more`. */
export function shortList(names: readonly string[], most = 4): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most - 1).join(', ')} and ${String(names.length - most + 1)} more`;
}
