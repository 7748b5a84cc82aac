/** Scripts and units are files of their own, imported as text; the bundler and vitest inline them. */
declare module '*.sh' {
  const text: string;
  export default text;
}
declare module '*.service' {
  const text: string;
  export default text;
}
declare module '*.socket' {
  const text: string;
  export default text;
}
/** What a page carries within itself: styles and scripts, taken as they are. */
declare module '*?raw' {
  const text: string;
  export default text;
}
