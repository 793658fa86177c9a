/** The holdfast: a stem that branches and holds on. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="var(--accent)" strokeWidth="1.9" strokeLinecap="round" aria-hidden="true">
      <path d="M10 1.8V11M10 11c0 3-2 4.2-5 5.7M10 11c0 3 2 4.2 5 5.7M10 11v7M10 6C7.6 6 6 4.8 5.4 3M10 8.6c2.4 0 4-1.2 4.6-3" />
    </svg>
  )
}
