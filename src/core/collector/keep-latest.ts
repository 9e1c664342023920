/** Sets an entry of a map, as its latest, and forgets the oldest ones beyond `most`: the end of most connections is not noticed. */
export function keepLatest<T>(map: Map<string, T>, connection: string, value: T, most: number): void {
  map.delete(connection);
  map.set(connection, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
