/** A greeting for one name. */
export function greet(name: string): string {
  return `hello ${name}\n`;
}
