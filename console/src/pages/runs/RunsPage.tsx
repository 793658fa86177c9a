import { TopBar } from '~/frame/TopBar'
export const JourneysPage = () => <TopBar title="Journeys" />
export const CampaignsPage = () => <TopBar title="Campaigns" />
