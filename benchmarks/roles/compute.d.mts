export const computed: { state: number };
export function compute(steps: number): void;
export function calibrate(): number;
export default function task(item: { steps?: number }): void;
