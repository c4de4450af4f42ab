"""Who saw or changed what, and when: records that only grow, each sealed over the last."""
