/** Lists of Azure to their end. */

/** All things of all pages. */
export async function collect<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const result: T[] = [];
  for await (const each of pages) result.push(each);
  return result;
}
