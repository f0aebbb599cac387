"""What leaves as files: tables in three formats, and the signed pack that another installation can check."""
