/** In a simulation all peers are honest, and none may ever use up what its connection may cost. */
export function neverExceeded(connection: string): never {
  throw new Error(`The honest peer of connection ${connection} has used up what it may cost`);
}
