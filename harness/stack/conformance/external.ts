/**
 * Tells the external system a value under a name.
 * @param failures how often it answers with an error before it takes it
 * @returns the value
 * @throws when it answers with an error
 */
export async function callExternal(name: string, value: unknown, failures = 0): Promise<unknown> {
  const response = await fetch(`${process.env.EXTERNAL_URL}/put`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, value, failures }),
  });
  if (!response.ok) throw new Error(`the external system answered ${response.status}`);
  return response.json();
}
