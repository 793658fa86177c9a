/** Round ticks from zero to just above `top`; at most six, so the grid stays quiet. What is counted has no tenths. */
export function niceTicks(top: number, most = 6): number[] {
  const rough = top / (most - 1)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power
  const whole = Math.max(1, Math.ceil(step))
  const ticks: number[] = []
  for (let tick = 0; ; tick += whole) {
    ticks.push(tick)
    if (tick >= top) return ticks
  }
}
