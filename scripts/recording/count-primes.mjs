export default function countPrimes({ from, to }, { attempt }) {
  // One worker dies in the middle of the run, so that the recording shows what follows.
  if (from === 2_000_000 && attempt === 1) process.kill(process.pid, "SIGKILL");
  let primes = 0;
  for (let n = Math.max(from, 2); n < to; n++) if (isPrime(n)) primes++;
  return { primes };
}

function isPrime(n) {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
