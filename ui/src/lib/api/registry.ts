/** Registered models and their versions over MLflow's wire. */
import { likeValue } from '../filter';
import { call } from './http';
import type { ModelVersion, Page, RegisteredModel, Stage } from './types';

const api = 'ajax-api/2.0/mlflow';
const models = `${api}/registered-models`;
const versions = `${api}/model-versions`;

export async function searchModels(text: string, pageToken?: string, signal?: AbortSignal): Promise<Page<RegisteredModel>> {
  const answer = await call<{ registered_models?: RegisteredModel[]; next_page_token?: string }>('GET', `${models}/search`, {
    query: {
      filter: text ? `name ILIKE ${likeValue(text)}` : undefined,
      max_results: 100,
      order_by: ['name ASC'],
      page_token: pageToken,
    },
    signal,
  });
  return { items: answer.registered_models ?? [], next: answer.next_page_token };
}

export async function getModel(name: string): Promise<RegisteredModel> {
  return (await call<{ registered_model: RegisteredModel }>('GET', `${models}/get`, { query: { name } })).registered_model;
}

export async function createModel(name: string): Promise<void> {
  await call('POST', `${models}/create`, { body: { name } });
}

export async function updateModel(name: string, description: string): Promise<void> {
  await call('PATCH', `${models}/update`, { body: { name, description } });
}

export async function deleteModel(name: string): Promise<void> {
  await call('DELETE', `${models}/delete`, { body: { name } });
}

export async function setModelTag(name: string, key: string, value: string): Promise<void> {
  await call('POST', `${models}/set-tag`, { body: { name, key, value } });
}

export async function deleteModelTag(name: string, key: string): Promise<void> {
  await call('DELETE', `${models}/delete-tag`, { body: { name, key } });
}

export async function setAlias(name: string, alias: string, version: string): Promise<void> {
  await call('POST', `${models}/alias`, { body: { name, alias, version } });
}

export async function deleteAlias(name: string, alias: string): Promise<void> {
  await call('DELETE', `${models}/alias`, { body: { name, alias } });
}

/** Newest first. The search answers no aliases; the model itself carries them. */
export async function searchVersions(filter: string, pageToken?: string): Promise<Page<ModelVersion>> {
  const answer = await call<{ model_versions?: ModelVersion[]; next_page_token?: string }>('GET', `${versions}/search`, {
    query: { filter, max_results: 200, order_by: ['version_number DESC'], page_token: pageToken },
  });
  return { items: answer.model_versions ?? [], next: answer.next_page_token };
}

export async function getVersion(name: string, version: string): Promise<ModelVersion> {
  return (await call<{ model_version: ModelVersion }>('GET', `${versions}/get`, { query: { name, version } })).model_version;
}

/** Where the files of a new version are: a logged model, or a folder among the artifacts of a run. */
export type ModelOrigin = { modelId: string } | { runId: string; artifactUri: string };

export async function registerVersion(name: string, origin: ModelOrigin): Promise<ModelVersion> {
  const body =
    'modelId' in origin
      ? { name, source: `models:/${origin.modelId}`, model_id: origin.modelId }
      : { name, source: origin.artifactUri, run_id: origin.runId };
  return (await call<{ model_version: ModelVersion }>('POST', `${versions}/create`, { body })).model_version;
}

export async function updateVersion(name: string, version: string, description: string): Promise<void> {
  await call('PATCH', `${versions}/update`, { body: { name, version, description } });
}

export async function deleteVersion(name: string, version: string): Promise<void> {
  await call('DELETE', `${versions}/delete`, { body: { name, version } });
}

export async function setVersionTag(name: string, version: string, key: string, value: string): Promise<void> {
  await call('POST', `${versions}/set-tag`, { body: { name, version, key, value } });
}

export async function deleteVersionTag(name: string, version: string, key: string): Promise<void> {
  await call('DELETE', `${versions}/delete-tag`, { body: { name, version, key } });
}

export async function transitionStage(name: string, version: string, stage: Stage, archiveExisting: boolean): Promise<void> {
  await call('POST', `${versions}/transition-stage`, {
    body: { name, version, stage, archive_existing_versions: archiveExisting },
  });
}
