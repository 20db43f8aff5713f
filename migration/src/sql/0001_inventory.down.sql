DROP TABLE ml_inferences, engine_state, evaluations, resources;
