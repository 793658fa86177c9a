import { createRootRoute, createRoute, createRouter, lazyRouteComponent, type ErrorComponentProps } from '@tanstack/react-router'
import { Entrance } from './Entrance'
import { trialSearch } from './pages/experiments/search'
import { peopleSearch } from './pages/people/search'
import { Failed } from './parts/States'
import { t } from './words/language'

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    /** The page is a canvas: navigation becomes a rail. */
    canvas?: boolean
  }
  interface Register {
    router: typeof router
  }
}

const PageFailed = ({ error, reset }: ErrorComponentProps) => <Failed what={t('This page did not open')} error={error instanceof Error ? error : new Error(String(error))} retry={reset} />

const root = createRootRoute({ component: Entrance, notFoundComponent: lazyRouteComponent(() => import('./pages/Lost'), 'Lost'), errorComponent: PageFailed })

// The router reads ?text=42 as a number; a search for it is still text.
const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) || undefined : undefined
const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const whole = (value: unknown): number | undefined => (Number.isInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined)

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview/OverviewPage'), 'OverviewPage'),
})

const start = createRoute({
  getParentRoute: () => root,
  path: '/start',
  component: lazyRouteComponent(() => import('./pages/guide/GuidePage'), 'GuidePage'),
})

const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  validateSearch: peopleSearch,
  component: lazyRouteComponent(() => import('./pages/people/PeoplePage'), 'PeoplePage'),
})

const person = createRoute({
  getParentRoute: () => root,
  path: '/people/$id',
  // The tab; of everything, only the events of that name.
  validateSearch: (search: Record<string, unknown>): { tab?: string; event?: string } => ({ tab: text(search['tab']), event: text(search['event']) }),
  component: lazyRouteComponent(() => import('./pages/person/PersonPage'), 'PersonPage'),
})

const why = createRoute({
  getParentRoute: () => root,
  path: '/people/$id/why',
  validateSearch: (search: Record<string, unknown>): { of?: string } => ({ of: text(search['of']) }),
  component: lazyRouteComponent(() => import('./pages/person/TracePage'), 'TracePage'),
})

const segments = createRoute({
  getParentRoute: () => root,
  path: '/segments',
  validateSearch: (search: Record<string, unknown>): { deleted?: boolean } => ({ deleted: search['deleted'] === true || undefined }),
  component: lazyRouteComponent(() => import('./pages/segments/SegmentsPage'), 'SegmentsPage'),
})

const segment = createRoute({
  getParentRoute: () => root,
  path: '/segments/$id',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search['tab']) }),
  component: lazyRouteComponent(() => import('./pages/segments/SegmentPage'), 'SegmentPage'),
})

type Cell = Record<string, string | number | boolean | null>

/**
 * A question in the address: its fields are looked at by whoever asks it. The number that is open; whether as a table;
 * the saved insight it was before anything was changed.
 */
const question = (search: Record<string, unknown>): { q?: Record<string, unknown>; cell?: Cell; table?: boolean; saved?: string } => ({
  q: record(search['q']) ? search['q'] : undefined,
  cell: record(search['cell']) && Object.values(search['cell']).every((value) => value === null || ['string', 'number', 'boolean'].includes(typeof value)) ? (search['cell'] as Cell) : undefined,
  table: search['table'] === true || undefined,
  saved: text(search['saved']),
})

const insights = createRoute({
  getParentRoute: () => root,
  path: '/insights',
  component: lazyRouteComponent(() => import('./pages/insights/InsightsPage'), 'InsightsPage'),
})

const insight = createRoute({
  getParentRoute: () => root,
  path: '/insights/$kind',
  validateSearch: question,
  component: lazyRouteComponent(() => import('./pages/insights/InsightPage'), 'InsightPage'),
})

const rfm = createRoute({
  getParentRoute: () => root,
  path: '/rfm',
  validateSearch: question,
  component: lazyRouteComponent(() => import('./pages/insights/InsightPage'), 'RfmPage'),
})

const boards = createRoute({
  getParentRoute: () => root,
  path: '/boards',
  component: lazyRouteComponent(() => import('./pages/boards/BoardsPage'), 'BoardsPage'),
})

const board = createRoute({
  getParentRoute: () => root,
  path: '/boards/$id',
  component: lazyRouteComponent(() => import('./pages/boards/BoardPage'), 'BoardPage'),
})

const journeys = createRoute({
  getParentRoute: () => root,
  path: '/journeys',
  component: lazyRouteComponent(() => import('./pages/runs/RunsPage'), 'JourneysPage'),
})

const journey = createRoute({
  getParentRoute: () => root,
  path: '/journeys/$id',
  staticData: { canvas: true },
  // `from`: of a journey that is not published yet, what it begins with.
  validateSearch: (search: Record<string, unknown>): { step?: string; tab?: string; view?: string; against?: number; from?: string; name?: string } => ({
    step: text(search['step']),
    tab: text(search['tab']),
    view: text(search['view']),
    against: whole(search['against']),
    from: text(search['from']),
    name: text(search['name']),
  }),
  component: lazyRouteComponent(() => import('./pages/runs/editor/JourneyPage'), 'JourneyPage'),
})

const campaigns = createRoute({
  getParentRoute: () => root,
  path: '/campaigns',
  component: lazyRouteComponent(() => import('./pages/runs/RunsPage'), 'CampaignsPage'),
})

const campaign = createRoute({
  getParentRoute: () => root,
  path: '/campaigns/$id',
  staticData: { canvas: true },
  // `from`: of a campaign that is not published yet, what it begins with.
  validateSearch: (search: Record<string, unknown>): { view?: string; tab?: string; from?: string; name?: string } => ({ view: text(search['view']), tab: text(search['tab']), from: text(search['from']), name: text(search['name']) }),
  component: lazyRouteComponent(() => import('./pages/campaigns/CampaignPage'), 'CampaignPage'),
})

const experiments = createRoute({
  getParentRoute: () => root,
  path: '/experiments',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search['tab']) }),
  component: lazyRouteComponent(() => import('./pages/experiments/ExperimentsPage'), 'ExperimentsPage'),
})

const trial = createRoute({
  getParentRoute: () => root,
  path: '/experiments/$id',
  validateSearch: trialSearch,
  component: lazyRouteComponent(() => import('./pages/experiments/TrialPage'), 'TrialPage'),
})

const paths = createRoute({
  getParentRoute: () => root,
  path: '/experiments/paths/$id',
  component: lazyRouteComponent(() => import('./pages/experiments/PathsPage'), 'PathsPage'),
})

const mailbox = createRoute({
  getParentRoute: () => root,
  path: '/mailbox',
  validateSearch: (search: Record<string, unknown>): { text?: string; mail?: number; medium?: string; person?: string } => ({
    text: text(search['text']),
    mail: whole(search['mail']),
    medium: text(search['medium']),
    person: text(search['person']),
  }),
  component: lazyRouteComponent(() => import('./pages/mailbox/MailboxPage'), 'MailboxPage'),
})

const content = createRoute({
  getParentRoute: () => root,
  path: '/content',
  // Of catalogues: which one, and the words its items are to say.
  validateSearch: (search: Record<string, unknown>): { tab?: string; of?: string; find?: string } => ({ tab: text(search['tab']), of: text(search['of']), find: text(search['find']) }),
  component: lazyRouteComponent(() => import('./pages/content/ContentPage'), 'ContentPage'),
})

const template = createRoute({
  getParentRoute: () => root,
  path: '/content/$id',
  // Of a template that is not saved yet: for which channel it is, and what it is called.
  validateSearch: (search: Record<string, unknown>): { medium?: string; name?: string } => ({ medium: text(search['medium']), name: text(search['name']) }),
  component: lazyRouteComponent(() => import('./pages/content/TemplatePage'), 'TemplatePage'),
})

const block = createRoute({
  getParentRoute: () => root,
  path: '/content/blocks/$id',
  // Of a block that is not saved yet: what it is called.
  validateSearch: (search: Record<string, unknown>): { name?: string } => ({ name: text(search['name']) }),
  component: lazyRouteComponent(() => import('./pages/content/BlockPage'), 'BlockPage'),
})

const channels = createRoute({
  getParentRoute: () => root,
  path: '/channels',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search['tab']) }),
  component: lazyRouteComponent(() => import('./pages/channels/ChannelsPage'), 'ChannelsPage'),
})

const data = createRoute({
  getParentRoute: () => root,
  path: '/data',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search['tab']) }),
  component: lazyRouteComponent(() => import('./pages/data/DataPage'), 'DataPage'),
})

const delivery = createRoute({
  getParentRoute: () => root,
  path: '/delivery',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search['tab']) }),
  component: lazyRouteComponent(() => import('./pages/delivery/DeliveryPage'), 'DeliveryPage'),
})

const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: (search: Record<string, unknown>): { state?: string } => ({ state: text(search['state']) }),
  component: lazyRouteComponent(() => import('./pages/approvals/ApprovalsPage'), 'ApprovalsPage'),
})

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: (search: Record<string, unknown>): { who?: string; kind?: string; days?: string } => ({
    who: text(search['who']),
    kind: text(search['kind']),
    days: text(search['days']),
  }),
  component: lazyRouteComponent(() => import('./pages/audit/AuditPage'), 'AuditPage'),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: (search: Record<string, unknown>): { tab?: string; erasure?: string } => ({ tab: text(search['tab']), erasure: text(search['erasure']) }),
  component: lazyRouteComponent(() => import('./pages/settings/SettingsPage'), 'SettingsPage'),
})

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search['tab']) }),
  component: lazyRouteComponent(() => import('./pages/account/AccountPage'), 'AccountPage'),
})

/** Where links lead that work once; whoever opens them sees them before anything else. */
const links = ['/welcome', '/invitation', '/reset'].map((path) => createRoute({ getParentRoute: () => root, path, component: () => null }))

export const router = createRouter({
  routeTree: root.addChildren([overview, start, people, person, why, segments, segment, insights, insight, rfm, boards, board, journeys, journey, campaigns, campaign, experiments, trial, paths, mailbox, content, template, block, delivery, data, channels, approvals, audit, settings, account, ...links]),
  defaultPreload: 'intent',
  scrollRestoration: true,
})
