// The shop's own backend.

/** Posts JSON and answers with JSON; throws where the backend refuses. */
export const post = async (path, body) => {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? `${path}: ${response.status}`);
  return answer;
};
