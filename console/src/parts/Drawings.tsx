import type { ReactNode } from 'react'

/** Line drawings for empty states. Decoration only. What one page alone shows is drawn there. */
export function Drawing({ children }: { children: ReactNode }) {
  return (
    <svg width="88" height="54" viewBox="0 0 88 54" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" aria-hidden="true">
      {children}
    </svg>
  )
}

export const TreeDrawing = () => (
  <Drawing>
    <rect x="30" y="3" width="28" height="14" rx="4" />
    <path d="M44 17v8M20 34v-4a5 5 0 0 1 5-5h38a5 5 0 0 1 5 5v4" />
    <rect x="6" y="34" width="28" height="15" rx="4" strokeDasharray="3 3" />
    <rect x="54" y="34" width="28" height="15" rx="4" strokeDasharray="3 3" />
  </Drawing>
)

export const PeopleDrawing = () => (
  <Drawing>
    <circle cx="44" cy="15" r="8" />
    <path d="M28 46c0-9 7-16 16-16s16 7 16 16" />
    <circle cx="18" cy="22" r="6" strokeDasharray="3 3" />
    <path d="M6 46c0-7 5-12 12-12M82 46c0-7-5-12-12-12" strokeDasharray="3 3" />
    <circle cx="70" cy="22" r="6" strokeDasharray="3 3" />
  </Drawing>
)

export const LetterDrawing = () => (
  <Drawing>
    <rect x="20" y="8" width="48" height="36" rx="5" />
    <path d="m21 13 23 17 23-17" />
    <path d="M8 20h6M5 28h9M8 36h6" strokeDasharray="3 3" />
  </Drawing>
)

export const SieveDrawing = () => (
  <Drawing>
    <path d="M22 6h44L50 26v18l-12-6V26L22 6Z" />
    <path d="M10 6h4M74 6h4M10 14h6M72 14h6" strokeDasharray="2 3" />
  </Drawing>
)

export const CheckedDrawing = () => (
  <Drawing>
    <rect x="24" y="4" width="40" height="46" rx="5" />
    <path d="m36 27 6 6 11-12" />
    <path d="M32 12h10" strokeDasharray="3 3" />
  </Drawing>
)

export const ForkDrawing = () => (
  <Drawing>
    <path d="M8 27h20c10 0 10-16 20-16h18M28 27c10 0 10 16 20 16h18" />
    <circle cx="73" cy="11" r="6" />
    <circle cx="73" cy="43" r="6" strokeDasharray="3 3" />
    <path d="m70.5 11 2 2 3.5-4" />
  </Drawing>
)
